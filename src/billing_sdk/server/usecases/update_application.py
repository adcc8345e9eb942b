"""Update an application: what it is called, and where people come back to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from billing_sdk.server.domain.identity import Application
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_name
from billing_sdk.server.usecases.register_application import check_addresses, check_scopes
from billing_sdk.server.usecases.versions import check_version


def update_application(
    engine: Engine,
    *,
    client_id: str,
    name: str,
    redirect_uris: Sequence[str] = (),
    logout_redirect_uris: Sequence[str] = (),
    scopes: Sequence[str] = (),
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> Application:
    """Put a name, and the addresses or scopes of an application in place of those that it has.

    Tokens that it was given keep the scopes that they were given with. Its id, kind and secret stay as they are.

    Args:
        engine: the engine.
        client_id: which application.
        name: what operators call it.
        redirect_uris: where sign-ins of a web application come back to.
        logout_redirect_uris: where people may be sent after they have signed out.
        scopes: what a machine may ask for.
        versions: those that the change may be made to (`version_of`); any by default.
        actor: who updates it, as the audit names them.

    Raises:
        NotFound: there is no such application.
        PreconditionFailed: it is in none of the versions any more.
        InvalidRequest: the name is none, an address is not an https one (or http on this machine), or a scope does
            not exist.
    """
    with engine.begin() as tx:
        before = tx.applications.lock(client_id)
        check_version(before, versions)
        if before.kind == "machine":
            check_scopes(scopes)
            after = replace(before, scopes=tuple(sorted(set(scopes))))
        else:
            check_addresses(redirect_uris, logout_redirect_uris)
            after = replace(
                before,
                redirect_uris=tuple(dict.fromkeys(redirect_uris)),
                logout_redirect_uris=tuple(dict.fromkeys(logout_redirect_uris)),
            )
        after = replace(after, name=normal_name(name, "name", is_required=True))
        if after != before:
            tx.applications.save(after)
            tx.audit.record(actor, "application.save", client_id, engine.now(), before=before, after=after)
    return after
