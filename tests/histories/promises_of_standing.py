"""The promises about how subscriptions stand: what is kept of it follows from what there is, whatever has happened."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import Agreement, Standing, stand
from billing_sdk.server.storage import UnitOfWork
from tests.histories.world import Books, World


def standings_hold(world: World, books: Books) -> None:
    """Check every promise about how one customer's subscriptions stand."""
    subscriptions = {one.subscription_id for one in books.agreements if one.billing_cadence_id is not None}
    with world.engine.read() as tx:
        for subscription_id in subscriptions:
            current, standing = tx.agreements.find_current(subscription_id), tx.standings.find(subscription_id)
            assert current is not None
            assert standing is not None, f"nobody has said how {subscription_id} stands"
            what_is_kept_is_what_there_is(tx, current, standing)
            each_status_has_its_time(current, standing)


def what_is_kept_is_what_there_is(tx: UnitOfWork, current: Agreement, standing: Standing) -> None:
    found = tx.standings.circumstances(current, standing)
    assert stand(standing, current.subscription_id, found, current.started_at) == standing, "a change went unnoticed"


def each_status_has_its_time(current: Agreement, standing: Standing) -> None:
    assert standing.servicing in standing.servicing_at
    assert standing.collection in standing.collection_at
    assert (standing.servicing == "canceled") is not current.is_live
