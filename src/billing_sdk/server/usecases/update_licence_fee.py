"""Update a licence fee: another price makes a version, which is not live before it is made so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from billing_sdk.server.domain.catalog import LicenceFeeObject
from billing_sdk.server.domain.catalog.labels import relabelled
from billing_sdk.server.domain.rating import Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def update_licence_fee(
    engine: Engine,
    *,
    fee_id: str,
    name: str | None = None,
    terms: Terms | None = None,
    live_version: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> LicenceFeeObject:
    """Change what is given and leave the rest; an empty lookup key takes the present one away.

    Plans that refer to a version stay with it, whatever is made or becomes live here.

    Args:
        engine: the engine.
        fee_id: its id or lookup key.
        name: what an invoice calls it.
        terms: the price of a new version, which is the latest one from now on.
        live_version: the version that plans get where none is named: an id, or `latest`, which counts the new one.
        lookup_key: a name of one's own.
        metadata: notes of one's own.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such licence fee.
        VersionNotFound: it has no such version.
        InvalidRequest: a label is out of its bounds.
        LookupKeyTaken: another licence fee has the lookup key.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = tx.licence_fees.lock(fee_id)
        fee = relabelled(before, name=name, lookup_key=lookup_key, metadata=metadata)
        if terms is not None:
            fee = fee.priced(terms, version_id=new_id("version"), at=at)
        if live_version is not None:
            fee = replace(fee, versions=fee.versions.with_live(live_version))
        tx.licence_fees.save(before, fee)
        tx.audit.record(actor, "licence_fee.update", fee.id, at, before=before, after=fee)
    return fee
