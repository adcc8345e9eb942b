"""Endpoints with a secret of their own: they hear of events that point to a thing, or show it.

Their bodies are signed with the secret, which both ends know and nobody is told twice (docs/decisions/0038).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from billing_sdk._secret import Secret
from billing_sdk.errors import Conflict, InvalidRequest
from billing_sdk.server.domain.events import Endpoint, EventForm
from billing_sdk.server.ids import new_id
from billing_sdk.server.outbox.addresses import check_url
from billing_sdk.server.outbox.pointing import TYPES
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_endpoint import checked_description, checked_name, keep_endpoint
from billing_sdk.server.usecases.versions import check_version

SIGNED: tuple[EventForm, ...] = ("thin", "snapshot")
PREFIX = "whsec_"
SECRET_BYTES = 32
# How long bodies are signed with two secrets when one takes the place of the other.
LONGEST_OVERLAP = timedelta(hours=24)
MOST_OLD_SECRETS = 5
EVERY_TYPE = "*"


def register_signed_endpoint(
    engine: Engine,
    *,
    url: str,
    format: EventForm,  # noqa: A002 - the name of the field
    event_types: Sequence[str],
    name: str = "",
    description: str = "",
    metadata: Mapping[str, str] | None = None,
    api_version: str | None = None,
    actor: str = "api",
) -> tuple[Endpoint, Secret]:
    """Have events sent to an address from now on, and return the secret that signs them: it is told this once.

    Raises:
        InvalidRequest: the address may not be called, a type does not exist in the format, or a text is too long.
        Conflict: there are as many endpoints as there may be.
        WorkspaceCapReached: the plan of the workspace allows no more.
    """
    _check_address(engine, url)
    endpoint = Endpoint(
        id=new_id("webhook"),
        name=checked_name(name) if name else "",
        url=url,
        event_types=types_of(format, event_types),
        created_at=engine.now(),
        description=checked_description(description),
        format=format,
        api_version=api_version,
        metadata=dict(metadata or {}),
    )
    secret = new_secret()
    with engine.begin() as tx:
        keep_endpoint(engine, tx, endpoint, actor=actor)
        tx.endpoints.keep_secret(endpoint.id, secret)
    return endpoint, secret


def update_signed_endpoint(
    engine: Engine,
    *,
    endpoint_id: str,
    formats: Sequence[EventForm] = SIGNED,
    url: str | None = None,
    name: str | None = None,
    description: str | None = None,
    event_types: Sequence[str] | None = None,
    metadata: Mapping[str, str | None] | None = None,
    is_enabled: bool | None = None,
    versions: Collection[str] | None = None,
    actor: str = "api",
) -> Endpoint:
    """Change what is given and leave the rest; what waits for a disabled endpoint goes on when it is enabled again.

    Args:
        engine: the engine.
        endpoint_id: which one.
        formats: it has to be of one of these.
        url: what waits goes to the new address as well.
        name: its name.
        description: its description.
        event_types: all that it is to hear of from now on.
        metadata: values to set by their keys; None takes one away.
        is_enabled: whether it gets anything.
        versions: those that the change may be made to (`version_of`); any by default.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such endpoint.
        PreconditionFailed: it is in none of the versions any more.
        InvalidRequest: the address may not be called, a type does not exist in the format, or a text is too long.
    """
    if url is not None:
        _check_address(engine, url)
    with engine.begin() as tx:
        before = tx.endpoints.lock(endpoint_id, *formats)
        check_version(before, versions)
        kept = {**before.metadata, **(metadata or {})}
        endpoint = replace(
            before,
            url=before.url if url is None else url,
            name=before.name if name is None else checked_name(name),
            description=before.description if description is None else checked_description(description),
            event_types=before.event_types if event_types is None else types_of(before.format, event_types),
            metadata={key: value for key, value in kept.items() if value is not None},
        )
        if is_enabled is not None and is_enabled != endpoint.is_enabled:
            endpoint = endpoint.enabled() if is_enabled else endpoint.disabled("asked")
            tx.deliveries.restart(endpoint.id, "waiting", at=engine.now())
        tx.endpoints.save(endpoint)
        tx.audit.record(actor, "endpoint.update", endpoint.id, engine.now(), before=before, after=endpoint)
    engine.ring()
    return endpoint


def roll_secret(engine: Engine, *, endpoint_id: str, overlap: timedelta = timedelta(0), actor: str = "api") -> Secret:
    """Give an endpoint another secret, and return it; bodies are signed with the old one as well for a while.

    Each old one has a while of its own; without one, all of them end at once.

    Raises:
        NotFound: there is no such endpoint with a secret.
        InvalidRequest: the while is longer than a day.
        Conflict: as many old ones sign already as may sign at once.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidRequest("the old secret goes on for at most 24 hours", parameter="overlap")
    secret = new_secret()
    with engine.begin() as tx:
        endpoint = tx.endpoints.lock(endpoint_id, *SIGNED)
        at = engine.now()
        if overlap and len(tx.endpoints.secrets_of(endpoint.id, at=at)) > MOST_OLD_SECRETS:
            raise Conflict(
                f"bodies are signed with {MOST_OLD_SECRETS} old secrets already",
                remedy="Wait until one of them ends, 24 hours after it was replaced.",
            )
        tx.endpoints.replace_secret(endpoint.id, secret, at=at, old_until=at + overlap if overlap else None)
        tx.audit.record(actor, "endpoint.roll_secret", endpoint.id, at)
    return secret


def new_secret() -> Secret:
    """Return a new secret in the form that Stripe's own have."""
    return Secret(PREFIX + base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=").lower())


def types_of(form: EventForm, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return types that there are in a form, each once; `*` alone stands for all of them.

    Raises:
        InvalidRequest: there are none, or one is never sent.
    """
    if not wanted:
        raise InvalidRequest("an endpoint hears of one type of event at least", parameter="enabled_events")
    unknown = [type_ for type_ in wanted if type_ != EVERY_TYPE and type_ not in TYPES[form]]
    if unknown:
        raise InvalidRequest(
            f"{unknown[0][:80]!r} is no type of {form} event that this server sends",
            remedy="Leave it out, or see the list of types in the documentation.",
            parameter=f"enabled_events[{list(wanted).index(unknown[0])}]",
        )
    return tuple(dict.fromkeys(wanted))


def _check_address(engine: Engine, url: str) -> None:
    settings = engine.settings
    is_test = settings.environment == "test"
    try:
        check_url(url, may_call_this_machine=settings.may_call_this_machine, may_use_http=is_test)
    except InvalidRequest as error:
        raise InvalidRequest(error.detail, parameter="url") from None
