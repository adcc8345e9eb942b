"""The cards of a pricing table: what each says in each language, which cadences it can be had at, and their order.

Source: Kinde documentation, "Build a pricing table".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, UnknownPlan, UnknownPricingTable
from billing_sdk.server.domain.catalog import CardContent, PricingCard, PricingTable
from billing_sdk.server.domain.catalog.generated_table import generated_card
from billing_sdk.server.domain.catalog.table_editing import (
    Cards,
    Direction,
    card_in,
    moved_card,
    saying,
    with_card,
    without_card,
)
from billing_sdk.server.pages.dashboard.plan_choice import OFFERED, sent_plan
from billing_sdk.server.pages.dashboard.pricing_tables import (
    TABLE,
    address_of,
    page_of,
    plans_to_add,
    table_of,
    url_of,
)
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.table_preview import (
    direction_of,
    language_asked,
    languages_to_choose,
    preview_of,
)
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.price_words import name_of_cadence
from billing_sdk.server.pages.pricing import prices_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.usecases.versions import version_of
from billing_sdk.server.words import Phrase, phrase

CARD = f"{TABLE}/cards/{{plan_key}}"
FIELDS = ("display_name", "description", "features_heading", "highlight_label", "call_to_action")
# Begins the names of the fields that say at which other cadences an offer can be had; the key of the plan follows.
ALSO = "also-"


def show_card(seat: Seat) -> Response:
    """Show what a card says in one language, and how the table looks with it."""
    return _page(seat, Form())


def change_card(seat: Seat, form: Form) -> Response:
    """Change what a card says in one language; or only show how that looks, or let it speak that language no more."""
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
        card = card_in(table, seat.request.path_params["plan_key"])
        others = _others(tx, table, card)
    tag = language_asked(seat, table)
    action = form.text("action")
    changed = saying(table, card, tag, None if action == "forget" else _content(form))
    if tag == table.language:
        changed = replace(changed, other_plan_keys=tuple(key for key, _ in others if form.text(ALSO + key)))
    cards = with_card(table, changed)
    if action == "preview":
        return _page(seat, form, replace(table, cards=cards))
    try:
        _save(seat, table, cards, versions=[form.text("version")])
    except (UnknownPricingTable, UnknownPlan):
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(address_of(table, tag), "saved")


def move(seat: Seat, form: Form) -> Response:
    """Show a plan before the one that it comes after, or the other way round."""
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
    direction: Direction = "up" if form.text("direction") == "up" else "down"
    cards = moved_card(table, seat.request.path_params["plan_key"], direction)
    return _saved(seat, table, cards, form)


def remove(seat: Seat, form: Form) -> Response:
    """Take a plan off a table, with all that was written for it."""
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
        card = card_in(table, seat.request.path_params["plan_key"])
    return _saved(seat, table, without_card(table, card.plan_key), form)


def show_addition(seat: Seat) -> Response:
    """Ask which plan of the group is to be added, and what it says."""
    return _addition(seat, Form({"call_to_action": "Choose"}))


def add(seat: Seat, form: Form) -> Response:
    """Add a plan at the end of a table."""
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
        choice = plans_to_add(tx, table, sent_plan(form))
        plan = tx.catalog.find_plan(choice.wanted) if choice.is_known else None
    if plan is None:
        return _addition(seat, form.wrong({"plan": phrase("Choose a plan.")}))
    card = generated_card(plan)
    name, action = form.text("display_name") or plan.name, form.text("call_to_action")
    card = replace(card, content=replace(card.content, display_name=name, call_to_action=action))
    try:
        _save(seat, table, with_card(table, card), versions=[version_of(table)])
    except (UnknownPricingTable, UnknownPlan):
        raise
    except BillingError as error:
        return _addition(seat, form.refused(error))
    return seat.go_to(f"{url_of(table.key)}/cards/{plan.key}", "added")


def _page(seat: Seat, form: Form, unsaved: PricingTable | None = None) -> Response:
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
        card = card_in(table, seat.request.path_params["plan_key"])
        tag = language_asked(seat, table)
        others = _others(tx, table, card)
        plan = next(iter(tx.catalog.list_plans([card.plan_key])), None)
        price = prices_of(tx, [plan])[plan.key] if plan else None
        preview = preview_of(seat, tx, unsaved or table, tag)
    is_own = tag == table.language
    content = card.content if is_own else card.translations.get(tag)
    return seat.show(
        "pricing_tables/card",
        _showing(form, card, content, [key for key, _ in others]),
        table=table,
        version=version_of(table),
        card=card,
        plan=plan,
        price=price,
        tag=tag,
        direction=direction_of(tag),
        is_own=is_own,
        is_translated=content is not None,
        known_languages=languages_to_choose(seat, table.languages),
        others=others,
        also=ALSO,
        preview=preview,
        is_unsaved=unsaved is not None,
    )


def _addition(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
        choice = plans_to_add(tx, table, sent_plan(form))
        left = tx.catalog.list_plans([key for key, _ in choice.options])
        prices = prices_of(tx, left)
    named = ((plan.key, phrase("%(plan)s, %(price)s", plan=plan.name, price=prices[plan.key])) for plan in left)
    plans = replace(choice, options=tuple(named))
    return seat.show("pricing_tables/add", form, table=table, plans=plans)


def _others(tx: UnitOfWork, table: PricingTable, card: PricingCard) -> list[tuple[str, Phrase]]:
    """Return the plans that a card can be had as at other cadences: of those of its group that no other card has."""
    taken = {key for other in table.cards if other.plan_key != card.plan_key for key in other.plan_keys}
    plans = tx.catalog.list_plans(group_id=table.group.id)
    own = {plan.version.cadence for plan in plans if plan.key == card.plan_key}
    found = [
        plan
        for plan in plans
        if plan.kind == "plan"
        and (plan.status == "published" or plan.key in card.other_plan_keys)
        and plan.key not in {card.plan_key, *taken}
        and plan.version.cadence not in own
    ]
    # Those that it can be had as already come first: they are there whatever else is offered.
    found = sorted(found, key=lambda plan: plan.key not in card.other_plan_keys)[:OFFERED]
    prices = prices_of(tx, found)
    return [
        (
            plan.key,
            phrase(
                "%(cadence)s: %(plan)s, %(price)s",
                cadence=name_of_cadence(plan.version.cadence),
                plan=plan.name,
                price=prices[plan.key],
            ),
        )
        for plan in found
    ]


def _showing(form: Form, card: PricingCard, content: CardContent | None, others: Sequence[str]) -> Form:
    """Return a form with what a card says, where nothing was typed."""
    if form.values:
        return form
    said = content or CardContent("", call_to_action="")
    values = {name: getattr(said, name) for name in FIELDS}
    also = {ALSO + key: "yes" for key in others if key in card.other_plan_keys}
    return replace(form, values={**values, "features": "\n".join(said.features), **also})


def _content(form: Form) -> CardContent:
    features = tuple(line.strip() for line in form.text("features").splitlines() if line.strip())
    return CardContent(**{name: form.text(name) for name in FIELDS}, features=features)


def _saved(seat: Seat, table: PricingTable, cards: Cards, form: Form) -> Response:
    try:
        _save(seat, table, cards, versions=[form.text("version")])
    except UnknownPricingTable:
        raise
    except BillingError as error:
        return page_of(seat, form.refused(error))
    return seat.go_to(url_of(table.key), "saved")


def _save(seat: Seat, table: PricingTable, cards: Cards, *, versions: Sequence[str]) -> None:
    save_pricing_table(seat.engine, key=table.key, cards=cards, versions=versions, actor=seat.operator.id)


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(f"{TABLE}/add", show_addition, add),
    billing_route(CARD, show_card, change_card),
    billing_route(f"{CARD}/move", show_card, move),
    billing_route(f"{CARD}/remove", show_card, remove),
)
