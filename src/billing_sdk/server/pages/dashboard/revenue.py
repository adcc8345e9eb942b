"""Revenue by month: how recurring revenue has moved, and every figure of each month."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.server.domain.revenue import RevenueMonth, bounds_of
from billing_sdk.server.pages.dashboard.figures import CURRENCY, Figures, read_figures
from billing_sdk.server.pages.dashboard.listing import Column
from billing_sdk.server.pages.dashboard.navigation import HOME
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.words import phrase

REVENUE = f"{HOME}/revenue"
COLUMNS = (
    Column(phrase("Month")),
    Column(phrase("At the beginning"), is_number=True),
    Column(phrase("New"), is_number=True),
    Column(phrase("Expansion"), is_number=True),
    Column(phrase("Contraction"), is_number=True),
    Column(phrase("Churned"), is_number=True),
    Column(phrase("At the end"), is_number=True),
    Column(phrase("Customers"), is_number=True),
)


def show_revenue(seat: Seat) -> Response:
    """Show how recurring revenue has moved month by month."""
    figures = read_figures(seat)
    moved = figures.chart(
        phrase("What recurring revenue gained and lost"),
        (phrase("New"), lambda one: one.new_minor),
        (phrase("Expansion"), lambda one: one.expansion_minor),
        (phrase("Contraction"), lambda one: one.contraction_minor),
        (phrase("Churned"), lambda one: one.churned_minor),
    )
    return seat.show(
        "revenue",
        figures=figures,
        moved=moved,
        columns_of_months=COLUMNS,
        months=[
            (bounds_of(month).start, _amounts(figures, figures.by_month[month]), figures.by_month[month].customers)
            for month in reversed(figures.months)
            if month in figures.by_month
        ],
        currency_tabs=[(one, f"{REVENUE}?{CURRENCY}={one}", one) for one in figures.currencies],
    )


def _amounts(figures: Figures, one: RevenueMonth) -> tuple[object, ...]:
    return tuple(
        figures.money(minor)
        for minor in (
            one.recurring_before_minor,
            one.new_minor,
            one.expansion_minor,
            -one.contraction_minor,
            -one.churned_minor,
            one.recurring_minor,
        )
    )


ROUTES = (billing_route(REVENUE, show_revenue),)
