"""Pricing tables: which there are, a new one, and what is decided about one as a whole.

Source: Kinde documentation, "Build a pricing table".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, DuplicateKey, UnknownPricingTable
from billing_sdk.server.domain.catalog import PricingTable
from billing_sdk.server.domain.catalog.pricing_table import MAX_CARDS
from billing_sdk.server.domain.search.terms import folded
from billing_sdk.server.domain.workspace import PLAN_GROUP
from billing_sdk.server.pages.dashboard.listing import AFTER, PAGE_SIZE, Cell, Column, asked, listing, row
from billing_sdk.server.pages.dashboard.plan_choice import PlanChoice, plan_choice
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.table_preview import (
    WIDTHS,
    direction_of,
    language_asked,
    languages_to_choose,
    preview_of,
)
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.pages.price_words import name_of_cadence
from billing_sdk.server.pages.pricing import prices_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.delete_pricing_table import delete_pricing_table
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from billing_sdk.server.usecases.versions import version_of
from billing_sdk.server.words import phrase, phrase_of

TABLES = "/dashboard/pricing-tables"
TABLE = f"{TABLES}/{{table_key}}"
NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
SCOPES = {"user": phrase("People"), "organization": phrase("Organizations")}
COLUMNS = (
    Column(phrase("Pricing table")),
    Column(phrase("Group")),
    Column(phrase("Offered to")),
    Column(phrase("Plans")),
    Column(phrase("Status")),
)


def show_tables(seat: Seat) -> Response:
    """Show the pricing tables, and whether they are shown at sign-up."""
    request = seat.request
    with seat.engine.read() as tx:
        tables = sorted(own_tables(tx), key=lambda table: table.key)
        shows_at_sign_up = billing_settings(tx, seat.engine).show_pricing_table_at_sign_up
    begin = next((place for place, table in enumerate(tables, 1) if table.key == asked(request, AFTER)), 0)
    shown = tables[begin : begin + PAGE_SIZE]
    rows = [
        row(
            Cell(table.name, url_of(table.key), note=table.key),
            table.group.name,
            SCOPES[table.group.scope],
            phrase_of("%(number)s plan", "%(number)s plans", len(table.plan_keys)),
            _status(table),
        )
        for table in shown
    ]
    last = shown[-1].key if len(tables) > begin + PAGE_SIZE else ""
    return seat.show(
        "pricing_tables/list", tables=listing(request, COLUMNS, rows, last=last), shows_at_sign_up=shows_at_sign_up
    )


def change_sign_up(seat: Seat, form: Form) -> Response:
    """Show tables at sign-up from now on, or only in the portal."""
    shows = form.text("shows") == "yes"
    update_billing_settings(seat.engine, show_pricing_table_at_sign_up=shows, actor=seat.operator.id)
    return seat.go_to(TABLES, "saved")


def show_new(seat: Seat) -> Response:
    """Ask what a new table is called, and whether it is generated from its group or blank."""
    return _new(seat, Form({"start": "generate"}))


def _new(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        groups = [(group.key, group.name) for group in tx.plan_groups.list() if group.key != PLAN_GROUP]
    return seat.show("pricing_tables/new", form, groups=groups)


def create(seat: Seat, form: Form) -> Response:
    """Make a table, which nobody sees before it is made live."""
    form = require(form, {"name": phrase("a name"), "group": phrase("a plan group")})
    if form.errors:
        return _new(seat, form)
    try:
        with seat.engine.read() as tx:
            key = form.text("key") or _key_for(form.text("name"), tx)
            if tx.pricing_tables.find(key) is not None:
                raise DuplicateKey(f"there is a pricing table {key!r} already", parameter="key")
        save_pricing_table(
            seat.engine,
            key=key,
            name=form.text("name"),
            group_key=form.text("group"),
            cards=() if form.text("start") == "blank" else None,
            language=form.text("language") or None,
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _new(seat, form.refused(error, "key"))
    return seat.go_to(url_of(key), "created")


def _key_for(name: str, tx: UnitOfWork) -> str:
    """Return a key made of a name; of a name without letters of keys, the first number that is free."""
    made = NOT_IN_KEYS.sub("_", folded(name)).strip("_")
    return made or next(key for number in count(1) if tx.pricing_tables.find(key := f"table_{number}") is None)


def show_table(seat: Seat) -> Response:
    """Show a table: its plans in their order, its heading in one language, and how it looks."""
    return page_of(seat, Form())


def page_of(seat: Seat, form: Form, unsaved: PricingTable | None = None) -> Response:
    """Return the page of the table that the address names.

    Args:
        seat: where it is asked for.
        form: what was typed, and what is wrong with it.
        unsaved: how the table would be, for its preview.
    """
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
        tag = language_asked(seat, table)
        plans = {plan.key: plan for plan in tx.catalog.list_plans(table.plan_keys)}
        cadences = dict.fromkeys(plan.version.cadence for plan in plans.values())
        heading = table.heading if tag == table.language else table.headings.get(tag, "")
        preview = preview_of(seat, tx, unsaved or table, tag)
        prices = prices_of(tx, plans.values())
        can_add = len(table.cards) < MAX_CARDS and bool(plans_to_add(tx, table).options)
    shown = form.showing("name", table.name).showing("heading", heading).showing("language_of_table", table.language)
    shown = shown.showing("default_cadence", "" if table.default_cadence is None else str(table.default_cadence))
    shown = shown.showing("has_comparison", "yes" if table.has_comparison else "no")
    return seat.show(
        "pricing_tables/table",
        shown,
        table=table,
        version=version_of(table),
        plans=plans,
        prices=prices,
        tag=tag,
        direction=direction_of(tag),
        known_languages=languages_to_choose(seat, table.languages),
        cadences=[("", phrase("That of the first plan")), *((str(one), name_of_cadence(one)) for one in cadences)],
        can_add=can_add,
        preview=preview,
        is_unsaved=unsaved is not None,
        scope=SCOPES[table.group.scope],
        base_url=seat.engine.settings.base_url,
    )


def change(seat: Seat, form: Form) -> Response:
    """Change what a table is called, what stands above it and what it shows first; or only show how that looks."""
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
    tag = language_asked(seat, table)
    heading = form.text("heading")
    headings = {other: text for other, text in table.headings.items() if other != tag}
    is_own = tag == table.language
    if not is_own and heading:
        headings[tag] = heading
    if form.text("action") == "preview":
        unsaved = replace(table, heading=heading if is_own else table.heading, headings=headings)
        if is_own:
            unsaved = replace(unsaved, has_comparison=form.text("has_comparison") == "yes")
        return page_of(seat, form, unsaved)
    try:
        save_pricing_table(
            seat.engine,
            key=table.key,
            name=form.text("name") if is_own else None,
            language=form.text("language_of_table") if is_own else None,
            default_cadence=form.text("default_cadence") if is_own else None,
            has_comparison=form.text("has_comparison") == "yes" if is_own else None,
            heading=heading if is_own else None,
            headings=headings,
            versions=[form.text("version")],
            actor=seat.operator.id,
        )
    except UnknownPricingTable:
        raise
    except BillingError as error:
        return page_of(seat, form.refused(error, "heading"))
    return seat.go_to(address_of(table, tag), "saved")


def switch_live(seat: Seat, form: Form) -> Response:
    """Let visitors see a table, or nobody any more."""

    def decide(key: str) -> PricingTable:
        return save_pricing_table(seat.engine, key=key, is_live=form.text("to") == "yes", actor=seat.operator.id)

    return _decide(seat, form, decide)


def switch_default(seat: Seat, form: Form) -> Response:
    """Show a table where a link names none, in place of the one that was shown there; or show none of its own."""

    def decide(key: str) -> PricingTable:
        return save_pricing_table(seat.engine, key=key, is_default=form.text("to") == "yes", actor=seat.operator.id)

    return _decide(seat, form, decide)


def _decide(seat: Seat, form: Form, decide: Callable[[str], PricingTable]) -> Response:
    key = seat.request.path_params["table_key"]
    with seat.engine.read() as tx:
        table_of(seat, tx)
    try:
        decide(key)
    except UnknownPricingTable:
        raise
    except BillingError as error:
        return page_of(seat, form.refused(error))
    return seat.go_to(url_of(key), "saved")


def delete(seat: Seat, _form: Form) -> Response:
    """Delete a table; its plans stay."""
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
    delete_pricing_table(seat.engine, key=table.key, actor=seat.operator.id)
    return seat.go_to(TABLES, "deleted")


def show_preview(seat: Seat) -> Response:
    """Show how a table looks, in the language and the width that the address asks for."""
    with seat.engine.read() as tx:
        table = table_of(seat, tx)
        tag = language_asked(seat, table)
        preview = preview_of(seat, tx, table, tag)
    return seat.show(
        "pricing_tables/preview",
        table=table,
        tag=tag,
        known_languages=languages_to_choose(seat, table.languages),
        widths=WIDTHS,
        preview=preview,
    )


def own_tables(tx: UnitOfWork) -> list[PricingTable]:
    """Return the tables of operators; that of the workspace's own plans is none of theirs."""
    return [table for table in tx.pricing_tables.list(live_only=False) if table.group.key != PLAN_GROUP]


def table_of(seat: Seat, tx: UnitOfWork) -> PricingTable:
    """Return the table that an address is about.

    Raises:
        UnknownPricingTable: there is none.
    """
    key = seat.request.path_params["table_key"]
    table = tx.pricing_tables.get(key)
    if table.group.key == PLAN_GROUP:
        raise UnknownPricingTable(f"there is no pricing table {key[:64]!r}", pricing_table=key[:64])
    return table


def plans_to_add(tx: UnitOfWork, table: PricingTable, wanted: str = "") -> PlanChoice:
    """Return the plans of the group that are for sale and not on the table yet."""
    return plan_choice(tx, wanted, group_id=table.group.id, kind="plan", status="published", apart_from=table.plan_keys)


def url_of(table_key: str) -> str:
    """Return where the page of a table is."""
    return f"{TABLES}/{table_key}"


def address_of(table: PricingTable, tag: str) -> str:
    """Return where the page of a table is that is about one language."""
    return url_of(table.key) if tag == table.language else f"{url_of(table.key)}?language={tag}"


def _status(table: PricingTable) -> Cell:
    if not table.is_live:
        return Cell(phrase("Not live"), tone="note")
    return Cell(phrase("Live, by default"), tone="good") if table.is_default else Cell(phrase("Live"), tone="good")


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(TABLES, show_tables, change_sign_up),
    billing_route(f"{TABLES}/_new", show_new, create),
    billing_route(TABLE, show_table, change),
    billing_route(f"{TABLE}/live", show_table, switch_live),
    billing_route(f"{TABLE}/default", show_table, switch_default),
    billing_route(f"{TABLE}/delete", show_table, delete),
    billing_route(f"{TABLE}/preview", show_preview),
)
