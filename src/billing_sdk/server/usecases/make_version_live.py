"""Make a version of a plan live."""

from __future__ import annotations

from billing_sdk.errors import PlanArchived, PlanNotPublished
from billing_sdk.server.domain.catalog import Plan, check_for_sale
from billing_sdk.server.usecases.billing_settings import initial_settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.sync_catalogue import mark_for_sync


def make_version_live(
    engine: Engine,
    *,
    plan_key: str,
    version_id: str | None = None,
    number: int | None = None,
    in_any_currency: bool = False,
    actor: str = "operator",
) -> Plan:
    """Sell a version of a published plan from now on: the one named by its id or number, or the latest.

    An older version can be made live again. Customers stay on the version that they have agreed to. It has to be sold
    in the default currency, unless it may be sold in any.

    Raises:
        UnknownPlan: there is no such plan.
        VersionNotFound: the plan has no such version.
        PlanNotPublished, PlanArchived: the plan is not for sale.
        EmptyVersion: the version has no components.
        CurrencyMismatch: it can't be bought in the default currency.
    """
    with engine.begin() as tx:
        settings = tx.billing_settings.lock(initial_settings(engine))
        before = tx.catalog.lock_plan(plan_key)
        if before.status == "draft":
            raise PlanNotPublished(f"the plan {plan_key!r} is a draft", plan=plan_key)
        if before.status == "archived":
            raise PlanArchived(f"the plan {plan_key!r} is archived", plan=plan_key)
        if version_id is None and number is None:
            version_id = before.latest_version_id
        version = tx.catalog.get_version_of(before.key, version_id=version_id, number=number)
        check_for_sale(version, None if in_any_currency else settings.default_currency)
        plan = before.selling(version)
        if plan != before:
            tx.catalog.save_plan(plan)
            tx.audit.record(actor, "plan.make_live", plan_key[:128], engine.now(), before=before, after=plan)
        mark_for_sync(tx, plan.key)  # also where nothing has changed here: what has changed there is mended
    return plan
