"""Save a pricing table: a new one, blank or generated from its group, or one that there is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from billing_sdk.errors import InvalidRequest, MixedGroups
from billing_sdk.server.domain.catalog import PricingCard, PricingTable
from billing_sdk.server.domain.catalog.generated_table import generated_cards
from billing_sdk.server.domain.catalog.keys import checked_key
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.catalog.pricing_table import DEFAULT_LANGUAGE, check_table
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version


def save_pricing_table(
    engine: Engine,
    *,
    key: str,
    group_key: str | None = None,
    name: str | None = None,
    cards: Sequence[PricingCard] | None = None,
    is_live: bool | None = None,
    is_default: bool | None = None,
    language: str | None = None,
    heading: str | None = None,
    headings: Mapping[str, str] | None = None,
    default_cadence: str | None = None,
    has_comparison: bool | None = None,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> PricingTable:
    """Save a table; what is None stays as it is, or is what a new table starts with.

    Args:
        engine: the engine.
        key: what links call it; a table that has it is changed, else one is made.
        group_key: the group whose plans it shows; a new table needs one, and a table keeps it.
        name: what operators call it; the key by default.
        cards: the plans in their order, at most four; none is a blank table. A new table for which they are not given
            is generated: the first four offers of the group, with the names, descriptions and features of their plans.
        is_live: whether visitors can see it.
        is_default: whether it is what new customers of the group's scope see where a link names none.
        language: the tag of the language that its content is in.
        heading: what stands above it.
        headings: the same by the tag of another language.
        default_cadence: which one is shown first, such as `year`; empty for that of the first plan.
        has_comparison: whether the features of the plans stand beside each other below the cards.
        versions: those that a change may be made to (`version_of`); any by default.
        actor: who saves it, as the audit names them.

    Raises:
        InvalidRequest: the key or a text is none, a new table names no group, or two plans of one card are paid
            equally often.
        InvalidCadence: the default cadence is none.
        UnknownPlanGroup, UnknownPlan: there is no such group, or no such published plan.
        TooManyPlans: there are more than four cards.
        MixedGroups: a plan is of another group, or the table is to change its group.
        DuplicateKey: a plan is on it twice.
        UnpricedPlan: a plan has no price, not even one of zero.
        PreconditionFailed: the table is in none of the versions any more.
    """
    with engine.begin() as tx:
        before = tx.pricing_tables.lock(key)
        if before is not None:
            check_version(before, versions)
        table = before or _new_table(tx, key, group_key)
        if group_key is not None and group_key != table.group.key:
            raise MixedGroups(f"the table {key!r} shows plans of the group {table.group.key!r}")
        table = replace(
            table,
            name=table.name if name is None else checked_name(name),
            cards=table.cards if cards is None else tuple(cards),
            is_live=table.is_live if is_live is None else is_live,
            is_default=table.is_default if is_default is None else is_default,
            language=language or table.language,
            heading=table.heading if heading is None else heading.strip(),
            headings=table.headings if headings is None else dict(headings),
            default_cadence=table.default_cadence if default_cadence is None else _cadence(default_cadence),
            has_comparison=table.has_comparison if has_comparison is None else has_comparison,
        )
        plans = {plan.key: plan for plan in tx.catalog.list_plans(table.plan_keys)}
        # What was on the table before may have been archived since; it is passed over, and no reason to refuse.
        check_table(table, plans, unchanged=frozenset(before.plan_keys if before is not None else ()))
        tx.pricing_tables.save(table)
        action = "pricing_table.create" if before is None else "pricing_table.update"
        tx.audit.record(actor, action, table.id, engine.now(), before=before, after=table)
    return table


def _new_table(tx: UnitOfWork, key: str, group_key: str | None) -> PricingTable:
    checked_key(key)
    if group_key is None:
        raise InvalidRequest("a new pricing table needs a plan group", parameter="group_key")
    group = tx.plan_groups.lock(group_key)
    cards = generated_cards(tx.catalog.list_plans(group_id=group.id))
    return PricingTable(new_id("table"), key, key, group, cards, language=DEFAULT_LANGUAGE)


def _cadence(text: str) -> Cadence | None:
    return Cadence.from_text(text) if text else None
