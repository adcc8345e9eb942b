"""Where every page of the dashboard is, and its first page: the applications of the workspace."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.server.pages.dashboard import (
    applications,
    brand,
    catalogue,
    home,
    mail,
    operations,
    own_pages,
    pricing_cards,
    pricing_tables,
    revenue,
)
from billing_sdk.server.pages.dashboard.account import connect, disconnect, keep_fee, refresh
from billing_sdk.server.pages.dashboard.seat import SIGN_IN, Seat, seat_route
from billing_sdk.server.pages.dashboard.sign_in import show_sign_in, sign_in, sign_out
from billing_sdk.server.pages.dashboard.tab import disable, enable, open_tab, show_overview, show_settings_of
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.messages import page

BILLING = "/dashboard/applications/{client_id}/billing"
# The pages about each noun.
NOUNS = (
    home,
    revenue,
    brand,
    catalogue,
    operations,
    pricing_tables,
    pricing_cards,
    mail,
    own_pages,
)


def routes() -> list[BaseRoute]:
    """Return the routes of the dashboard."""
    return [
        Route(SIGN_IN, page(show_sign_in), methods=["GET"]),
        Route(SIGN_IN, page(sign_in), methods=["POST"]),
        seat_route("/dashboard/sign-out", applications.show_applications, sign_out, repeats=True),
        seat_route(BILLING, show_overview),
        seat_route(f"{BILLING}/enable", show_overview, enable),
        seat_route(f"{BILLING}/disable", show_settings, disable),
        seat_route(f"{BILLING}/connect", show_overview, connect),
        seat_route(f"{BILLING}/refresh", show_overview, refresh),
        seat_route(f"{BILLING}/disconnect", show_overview, disconnect),
        seat_route(f"{BILLING}/fee", show_overview, keep_fee),
        seat_route(f"{BILLING}/settings", show_settings),
        *(route for noun in NOUNS for route in noun.ROUTES),
    ]


def show_settings(seat: Seat) -> Response:
    """Show the settings of billing; while it is off, there is only the empty state of the tab."""
    tab = open_tab(seat)
    if not tab.workspace.is_billing_enabled:
        return RedirectResponse(tab.url, 303)
    return show_settings_of(tab, Form())
