"""Register applications, and give them new secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.identity.application import ApplicationKind, origin_of
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.settings import is_loopback
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_name
from billing_sdk.server.usecases.workspace_caps import require_room

MAX_URL_LENGTH = 2_048
WEB_SCOPES = ("openid", "profile", "email", "offline")
# What the Management API of this server can be asked for.
MANAGEMENT_SCOPES = (
    "create:billing_agreements",
    "create:billing_allowances",
    "create:billing_coupons",
    "create:billing_credits",
    "create:billing_features",
    "create:billing_invoices",
    "create:billing_meters",
    "create:billing_plan_groups",
    "create:billing_plans",
    "create:billing_pricing_tables",
    "create:billing_tax",
    "create:billing_profiles",
    "create:billing_test_clocks",
    "create:meter_usage",
    "create:organizations",
    "create:portal_links",
    "create:user_billing_customers",
    "create:users",
    "create:webhooks",
    "delete:billing_agreements",
    "delete:billing_features",
    "delete:billing_invoices",
    "delete:billing_plan_groups",
    "delete:billing_pricing_tables",
    "delete:billing_profiles",
    "delete:billing_test_clocks",
    "delete:organizations",
    "delete:users",
    "delete:webhooks",
    "read:billing_agreements",
    "read:billing_allowances",
    "read:billing_books",
    "read:billing_coupons",
    "read:billing_customers",
    "read:billing_credits",
    "read:billing_entitlements",
    "read:billing_features",
    "read:billing_invoices",
    "read:billing_meters",
    "read:billing_plan_groups",
    "read:billing_plans",
    "read:billing_pricing_tables",
    "read:billing_profiles",
    "read:billing_settings",
    "read:billing_tax",
    "read:billing_test_clocks",
    "read:event_types",
    "read:events",
    "read:meter_usage",
    "read:organizations",
    "read:users",
    "read:webhooks",
    "update:billing_agreements",
    "update:billing_allowances",
    "update:billing_coupons",
    "update:billing_customers",
    "update:billing_credits",
    "update:billing_features",
    "update:billing_invoices",
    "update:billing_meters",
    "update:billing_plan_groups",
    "update:billing_plans",
    "update:billing_pricing_tables",
    "update:billing_profiles",
    "update:billing_settings",
    "update:billing_tax",
    "update:billing_test_clocks",
    "update:meter_usage",
    "update:organizations",
    "update:users",
    "update:webhooks",
)


@dataclass(frozen=True, slots=True)
class Registration:
    """An application, and its secret where it has one: the only time that anybody sees it."""

    application: Application
    secret: Secret | None = field(default=None)


def register_application(
    engine: Engine,
    *,
    name: str,
    kind: ApplicationKind,
    redirect_uris: Sequence[str] = (),
    logout_redirect_uris: Sequence[str] = (),
    scopes: Sequence[str] = (),
    is_confidential: bool = True,
    actor: str = "operator",
) -> Registration:
    """Register an application with an id and a secret of its own.

    Args:
        engine: the engine.
        name: what operators call it.
        kind: `web` signs people in, `machine` calls the Management API.
        redirect_uris: where sign-ins of a web application come back to, compared character by character.
        logout_redirect_uris: where people may be sent after they have signed out.
        scopes: what a machine may ask for, such as `read:users`; a web application has the OpenID scopes.
        is_confidential: whether it can keep a secret; a machine has to.
        actor: who registers it, as the audit names them.

    Raises:
        InvalidRequest: an address is not an https one (or http on this machine), a scope does not exist, or
            something is given or missing that the kind of application can't have or needs.
        WorkspaceCapReached: the plan of the workspace allows no more.
    """
    if kind == "machine":
        _check_machine(redirect_uris, logout_redirect_uris, scopes, is_confidential)
    else:
        _check_web(redirect_uris, logout_redirect_uris, scopes)
    application = Application(
        client_id=new_id("client"),
        name=normal_name(name, "name", is_required=True),
        kind=kind,
        redirect_uris=tuple(dict.fromkeys(redirect_uris)),
        logout_redirect_uris=tuple(dict.fromkeys(logout_redirect_uris)),
        scopes=tuple(sorted(set(scopes))) if kind == "machine" else WEB_SCOPES,
        is_confidential=is_confidential,
    )
    secret = Secret(new_secret()) if is_confidential else None
    with engine.begin() as tx:
        require_room(engine, tx, "applications", used=len(tx.applications.list()))
        tx.applications.save(application, secret_digest=digest_of(secret.reveal()) if secret else None)
        tx.audit.record(actor, "application.save", application.client_id, engine.now(), after=application)
    return Registration(application, secret)


def rotate_client_secret(engine: Engine, *, client_id: str, actor: str = "operator") -> Registration:
    """Give an application a new secret; the one before proves nothing any more.

    Tokens that it was given stay valid until they end.

    Raises:
        NotFound: there is no such application.
        InvalidRequest: it is one that has no secret.
    """
    secret = Secret(new_secret())
    with engine.begin() as tx:
        application = tx.applications.get(client_id)
        if not application.is_confidential:
            raise InvalidRequest("the application has no secret", parameter="client_id")
        tx.applications.save(application, secret_digest=digest_of(secret.reveal()))
        tx.audit.record(actor, "application.rotate_secret", client_id, engine.now())
    return Registration(application, secret)


def _check_machine(
    redirect_uris: Sequence[str], logout_redirect_uris: Sequence[str], scopes: Sequence[str], is_confidential: bool
) -> None:
    if redirect_uris or logout_redirect_uris:
        raise InvalidRequest("nobody signs in to a machine, so it has no addresses", parameter="redirect_uris")
    if not is_confidential:
        raise InvalidRequest("a machine needs a secret", parameter="is_confidential")
    check_scopes(scopes)


def check_scopes(scopes: Sequence[str]) -> None:
    """Let scopes pass that a machine may ask for.

    Raises:
        InvalidRequest: there are none, or one does not exist.
    """
    unknown = sorted(set(scopes) - set(MANAGEMENT_SCOPES))
    if unknown or not scopes:
        raise InvalidRequest(
            f"there is no scope {unknown[0][:64]!r}" if unknown else "a machine without scopes may do nothing",
            parameter="scopes",
            remedy=f"Choose from {', '.join(MANAGEMENT_SCOPES)}.",
        )


def _check_web(redirect_uris: Sequence[str], logout_redirect_uris: Sequence[str], scopes: Sequence[str]) -> None:
    if scopes:
        raise InvalidRequest("the scopes of a web application are those of OpenID Connect", parameter="scopes")
    check_addresses(redirect_uris, logout_redirect_uris)


def check_addresses(redirect_uris: Sequence[str], logout_redirect_uris: Sequence[str]) -> None:
    """Let addresses pass that people of a web application may be sent to.

    Raises:
        InvalidRequest: there is none to come back to, or one is not an https one (or http on this machine).
    """
    if not redirect_uris:
        raise InvalidRequest("a web application needs an address to come back to", parameter="redirect_uris")
    for uri in (*redirect_uris, *logout_redirect_uris):
        if not _is_safe_address(uri):
            raise InvalidRequest(
                f"{uri[:200]!r} is no https address without fragment (http is for this machine only)",
                parameter="redirect_uris",
            )


def _is_safe_address(uri: str) -> bool:
    """Tell whether codes may be sent to an address (RFC 9700, section 2.1; RFC 6749, section 3.1.2)."""
    if len(uri) > MAX_URL_LENGTH or not uri.isascii() or "*" in uri or "#" in uri or origin_of(uri) is None:
        return False
    parts = urlsplit(uri)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")
