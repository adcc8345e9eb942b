"""Previews: the pages of a sign-up with what the catalogue has for them, for operators who change how they look.

Nothing on them can be sent: they may be framed by our own pages, and their forms lead nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.server import web
from billing_sdk.server.domain.workspace import PAGE_NAMES, PLAN_GROUP, Brand, PageName, Stage
from billing_sdk.server.pages.account import PASSWORD_HINT
from billing_sdk.server.pages.cards import TEST_CARDS
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.messages import application_for
from billing_sdk.server.pages.own_code import own_on_page
from billing_sdk.server.pages.pricing import decided_card
from billing_sdk.server.pages.rendering import NOBODY, show
from billing_sdk.server.pages.shown_table import ShownTable, shown_table
from billing_sdk.server.pages.steps import steps_at
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.languages import languages_of
from billing_sdk.server.words import Phrase, phrase

NAMES: Final[dict[PageName, Phrase]] = {
    "register": phrase("Create an account"),
    "sign_in": phrase("Sign in"),
    "organization": phrase("Name an organization"),
    "plans": phrase("Plan selection"),
    "payment": phrase("Payment details"),
    "success": phrase("Success"),
}
# Where the forms of a preview lead: to itself.
NOWHERE: Final = "#"


def page_named(name: str) -> PageName:
    """Return the page of a name; the first one for what there is none of."""
    return next((known for known in PAGE_NAMES if known == name), "register")


def show_preview(
    request: Request,
    engine: Engine,
    name: PageName,
    *,
    stage: Stage = "live",
    brand: Brand | None = None,
    sheet_url: str = "",
    is_framed: bool = True,
) -> Response:
    """Return a page as customers are going to see it.

    Args:
        request: the operator's.
        engine: the engine.
        name: which page.
        stage: whether a draft of an operator's own code is around it, or what is live.
        brand: how it looks; that of the workspace, unless another is given.
        sheet_url: of the style sheet of another brand.
        is_framed: it stands in a frame, where no scripts run.
    """
    web.allow_framing(request)
    with engine.read() as tx:
        code = tx.own_pages.get(name).code(stage)
        values = VALUES.get(name, _nothing)(tx, request)
    if "plan" in values and values["plan"] is None:
        name, values = "success", _success(None, request)
    own = own_on_page(name, code)
    if own is not None and own.script_url:
        web.forbid_calls(request)
    application = application_for(engine)
    return show(
        request,
        f"journey/{name}.html",
        application="Demo" if application == NOBODY else application,
        brand=brand,
        sheet_url=sheet_url,
        steps=steps_at(name, ("register", "plans", "payment", "success")),
        csrf_token="",
        journey_url=NOWHERE,
        form=Form(),
        own=own,
        is_framed=is_framed,
        **values,
    )


def _nothing(_tx: UnitOfWork, _request: Request) -> dict[str, Any]:
    return {}


def _register(_tx: UnitOfWork, _request: Request) -> dict[str, Any]:
    return {"password_hint": PASSWORD_HINT}


def _plans(tx: UnitOfWork, request: Request) -> dict[str, Any]:
    table = next((table for table in tx.pricing_tables.list() if table.group.key != PLAN_GROUP), None)
    shown = ShownTable("", "", "", (), ()) if table is None else shown_table(tx, table, languages_of(request))
    return {"table": shown, "is_for_organization": table is not None and table.group.scope == "organization"}


def _payment(tx: UnitOfWork, _request: Request) -> dict[str, Any]:
    sold = [plan for plan in tx.catalog.list_plans() if plan.status == "published" and plan.kind == "plan"]
    plan = next((plan for plan in sold if not plan.version.is_free), None)
    card = decided_card(tx, plan, plan.version) if plan else None
    return {
        "plan": card,
        "due_today": card.price if card else None,
        "taxes": (),
        "asks_address": False,
        "tax_by_gateway": False,
        "next_charge": None,
        "shown": "",
        "saved_card": None,
        "may_choose_another": True,
        "cards": TEST_CARDS,
        "takes_cards": True,
    }


def _success(_tx: UnitOfWork | None, _request: Request) -> dict[str, Any]:
    return {"plan_name": "", "is_without_plan": False, "is_kept_out": False}


VALUES: Final[dict[PageName, Callable[[UnitOfWork, Request], dict[str, Any]]]] = {
    "register": _register,
    "plans": _plans,
    "payment": _payment,
    "success": _success,
}
