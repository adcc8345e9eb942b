"""Create a pricing plan: one that is put together from objects, and billed at the cadence of each customer."""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Plan, PlanGroup, TaxBehavior, VersionContent
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.create_plan import draft_plan
from billing_sdk.server.usecases.engine import Engine


def create_pricing_plan(
    engine: Engine,
    *,
    name: str,
    currency: str,
    tax_behavior: TaxBehavior | None,
    description: str = "",
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> Plan:
    """Create a draft without components, which objects are attached to (`attach_component`).

    It is in a group of its own, so a customer can have several pricing plans beside each other. Its key is its id.

    Args:
        engine: the engine.
        name: what customers read.
        currency: what all its prices are in.
        tax_behavior: whether all its prices include tax; None leaves that to each of them.
        description: for operators.
        lookup_key: a second name that can be moved from plan to plan.
        metadata: notes of one's own.
        actor: who creates it, as the audit names them.

    Raises:
        InvalidRequest: a text is none.
        InvalidAmount: there is no such currency.
        LookupKeyTaken: a plan has this lookup key.
    """
    key = new_id("bpp" if engine.settings.environment == "live" else "bpp_test")
    content = VersionContent(currency=Money(0, currency).currency, is_billed_by_customer=True)
    with engine.begin() as tx:
        groups = tx.plan_groups.list()
        position = max((group.position for group in groups), default=-1) + 1
        group = PlanGroup(new_id("sbg"), key, checked_name(name), "organization", is_default=False, position=position)
        tx.plan_groups.add(group)
        tx.audit.record(actor, "plan_group.create", group.id, engine.now(), after=group)
        return draft_plan(
            engine,
            tx,
            group,
            key=key,
            name=name,
            description=description,
            kind="plan",
            content=content,
            lookup_key=lookup_key,
            metadata=metadata,
            tax_behavior=tax_behavior,
            source="api",
            actor=actor,
        )
