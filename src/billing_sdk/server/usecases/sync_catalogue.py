"""Sync the catalogue: what a processor knows of the plans follows those that are for sale.

A plan whose catalogue has changed is marked in the same transaction, and brought in line soon after by whoever sweeps
up; a processor that is out of reach keeps nobody from publishing. Nothing is marked before billing is on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from billing_sdk.errors import BillingError, GatewayUnauthorized, GatewayUnreachable, UnknownPlan
from billing_sdk.server.domain.catalog import Component, LicenceFee, Plan, Rate
from billing_sdk.server.domain.workspace import PaymentApp, RemoteObject, RemoteStatus
from billing_sdk.server.gateways import CatalogueItem, CataloguePrice, PriceSync
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of

logger = logging.getLogger(__name__)


def mark_for_sync(tx: UnitOfWork, plan_key: str) -> None:
    """Have the catalogue of a plan brought in line at the processor, if there is one that keeps a catalogue."""
    app = _app_with_catalogue(tx)
    if app is not None:
        known = tx.remote_objects.find(app.id, "plan", plan_key)
        tx.remote_objects.save(_marked(app, plan_key, known))


def mark_all_for_sync(tx: UnitOfWork) -> None:
    """Have the catalogues of all published plans brought in line."""
    for plan in tx.catalog.list_plans():
        if plan.status == "published":
            mark_for_sync(tx, plan.key)


def sync_pending(engine: Engine) -> int:
    """Bring marked plans in line, and return how many there were; what does not succeed now is tried again later."""
    with engine.read() as tx:
        app = _app_with_catalogue(tx)
        plans = () if app is None else tx.remote_objects.of_kind(app.id, "plan")
    pending = [plan.our_id for plan in plans if plan.status == "pending"]
    for plan_key in pending:
        try:
            sync_catalogue(engine, plan_key=plan_key)
        except (GatewayUnauthorized, GatewayUnreachable) as error:
            logger.warning("the catalogue of %r waits for Stripe (%s)", plan_key, error.code)
            break
        except BillingError as error:
            logger.warning("the catalogue of %r could not be synced (%s)", plan_key, error.code)
    return len(pending)


def sync_catalogue(engine: Engine, *, plan_key: str) -> tuple[PriceSync, ...]:
    """Bring the products and prices of a plan in line with its live version, and return what became of each price.

    It can be repeated at any time; what somebody has changed at the processor is mended.

    Raises:
        UnknownPlan: there is no such plan.
        GatewayUnauthorized, GatewayUnreachable: the processor did not answer as it should; the plan stays marked.
    """
    with engine.read() as tx:
        plan = tx.catalog.find_plan(plan_key)
        if plan is None:
            raise UnknownPlan(f"there is no plan {plan_key[:64]!r}", plan=plan_key[:64])
        app = _app_with_catalogue(tx)
        if app is None:
            return ()
        items = tuple(items_of(plan))
        known = [one.our_id for one in tx.remote_objects.of_kind(app.id, "product")]
    engine.checkpoint()
    gateway = gateway_of(engine, app.gateway)
    synced = [one for item in items for one in gateway.publish(item)]
    wanted = {item.id for item in items}
    for item_id in known:
        if item_id.startswith(f"{plan_key}:") and item_id not in wanted:
            gateway.retire(item_id)
    with engine.begin() as tx:
        _keep(tx, engine, app, plan, synced)
    return tuple(synced)


def items_of(plan: Plan) -> Iterator[CatalogueItem]:
    """Yield what a plan sells for money: its fees and rates, with their prices in each currency."""
    version = plan.version
    for phase in version.opening_phases:
        for part in _in_money(phase.components):
            yield _item(plan, part, f"{phase.key}/{_key_of(part)}", f"{phase.name}: ")
    for part in _in_money(version.components):
        yield _item(plan, part, _key_of(part), "")


def _in_money(components: Sequence[Component]) -> Iterator[LicenceFee | Rate]:
    for part in components:
        if isinstance(part, LicenceFee) or (isinstance(part, Rate) and part.priced_in is None):
            yield part


def _item(plan: Plan, part: LicenceFee | Rate, key: str, prefix: str) -> CatalogueItem:
    is_once = isinstance(part, LicenceFee) and part.charged == "once"
    cadence = None if is_once else part.service or plan.version.cadence
    priced = ((part.currency, part.terms), *part.other_currencies)
    return CatalogueItem(
        id=f"{plan.key}:{key}",
        name=f"{plan.name}: {prefix}{part.name}"[:250],
        is_active=plan.status == "published",
        prices=tuple(
            CataloguePrice(f"{plan.key}:{key}:{currency}", currency, terms, cadence, part.tax_behavior)
            for currency, terms in priced
        ),
    )


def _key_of(part: LicenceFee | Rate) -> str:
    """Return what tells a part from the others of its plan; a rate card may price several items of one feature."""
    return part.key if isinstance(part, LicenceFee) else part.item_id or part.feature_key


def _keep(tx: UnitOfWork, engine: Engine, app: PaymentApp, plan: Plan, synced: list[PriceSync]) -> None:
    at = engine.now()
    for one in synced:
        if one.status == "not_priced":
            tx.remote_objects.save(RemoteObject(app.id, "price", one.id, None, status="not_priced", synced_at=at))
    known = tx.remote_objects.find(app.id, "plan", plan.key)
    status: RemoteStatus = "failed" if any(one.status == "failed" for one in synced) else "synced"
    now = tx.catalog.find_plan(plan.key)
    if now is not None and (now.live_version_id, now.status) != (plan.live_version_id, plan.status):
        status = "pending"  # the plan has changed meanwhile
    after = RemoteObject(app.id, "plan", plan.key, None, status=status, synced_at=at)
    tx.remote_objects.save(after)
    seen = {"prices": {one.id: one.status for one in synced}}
    tx.audit.record("gateway", "catalogue.sync", plan.key[:128], at, before=known, after=seen)


def _app_with_catalogue(tx: UnitOfWork) -> PaymentApp | None:
    workspace = tx.workspace.get()
    if not workspace.is_billing_enabled or workspace.gateway in (None, "managed"):
        return None
    return tx.payment_apps.of_gateway(workspace.gateway)


def _marked(app: PaymentApp, plan_key: str, known: RemoteObject | None) -> RemoteObject:
    synced_at = None if known is None else known.synced_at
    return RemoteObject(app.id, "plan", plan_key, None, status="pending", synced_at=synced_at)
