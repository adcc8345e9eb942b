"""The first page of the dashboard: how the business does, and what needs attention; or how to begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from billing_sdk.server.pages.dashboard.cancellations import CANCELLATIONS
from billing_sdk.server.pages.dashboard.figures import CURRENCY, Figures, read_figures
from billing_sdk.server.pages.dashboard.mailbox import SENT
from billing_sdk.server.pages.dashboard.navigation import HOME
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.dashboard.webhooks import MOST_DEAD, WEBHOOKS, dead_letters_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.words import Phrase, phrase, phrase_of

# Of wishes to leave no more are counted than this: that there are many is what matters.
MOST_LEAVING = 100
NO_MAIL_SERVER = phrase(
    "No mail server is set up, so nothing is sent: all mail is kept in the mailbox, where you can read it."
)


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that needs attention, and where it is dealt with."""

    text: Phrase
    url: str
    tone: str = "note"


def show_home(seat: Seat) -> Response:
    """Show the figures of the business, or the empty state while billing is off."""
    with seat.engine.read() as tx:
        workspace, applications = tx.workspace.get(), tx.applications.list()
        matters = tuple(_matters(seat, tx)) if workspace.is_billing_enabled else ()
    billing = next((f"{HOME}/applications/{one.client_id}/billing" for one in applications if one.kind == "web"), "")
    if not workspace.is_billing_enabled:
        return seat.show("home_off", billing_url=billing)
    figures = read_figures(seat)
    return seat.show(
        "home",
        figures=figures,
        matters=matters,
        charts=charts_of(figures),
        usage=figures.usage(),
        currency_tabs=[(one, f"{HOME}?{CURRENCY}={one}", one) for one in figures.currencies],
    )


def charts_of(figures: Figures) -> dict[str, object]:
    """Return the charts of the page by their names."""
    return {
        "recurring": figures.chart(
            phrase("Monthly recurring revenue"), (phrase("Recurring"), lambda one: one.recurring_minor)
        ),
        "churn": figures.chart(
            phrase("Churn"),
            (phrase("Customers"), lambda one: one.customer_churn),
            (phrase("Revenue"), lambda one: one.revenue_churn),
            is_percent=True,
        ),
        "earned": figures.chart(
            phrase("Revenue recognised and deferred"),
            (phrase("Recognised"), lambda one: one.recognised_minor),
            (phrase("Deferred"), lambda one: one.deferred_minor),
        ),
        "failed": figures.chart(
            phrase("Failed payments and recovery"),
            (phrase("Recovered"), lambda one: one.recovered_minor),
            (phrase("Open"), lambda one: one.open_minor),
            (phrase("Given up"), lambda one: one.failed_minor - one.recovered_minor - one.open_minor),
            is_stacked=True,
        ),
    }


def _matters(seat: Seat, tx: UnitOfWork) -> Iterator[Matter]:
    workspace = tx.workspace.get()
    app = tx.payment_apps.of_gateway(workspace.gateway) if workspace.gateway else None
    if app is not None and app.status == "unauthorized":
        yield Matter(phrase("The payment processor refuses the key of this server."), f"{HOME}/applications", "bad")
    waiting = tx.charges.waiting_reasons()
    if waiting["mismatch"]:
        yield Matter(
            phrase_of(
                "%(number)s payment has taken another amount than was asked for.",
                "%(number)s payments have taken another amount than was asked for.",
                waiting["mismatch"],
            ),
            f"{HOME}/audit",
            "bad",
        )
    rest = waiting.total() - waiting["mismatch"]
    if rest:
        yield Matter(
            phrase_of("%(number)s payment waits to be completed.", "%(number)s payments wait to be completed.", rest),
            f"{HOME}/invoices",
        )
    dead = tx.deliveries.count_dead(most=MOST_DEAD + 1)
    if dead:
        failed = sum(dead.values())
        text = phrase_of(
            "%(number)s webhook could not be delivered.", "%(number)s webhooks could not be delivered.", failed
        )
        if failed > MOST_DEAD:
            text = phrase("More than %(number)s webhooks could not be delivered.", number=MOST_DEAD)
        yield Matter(text, dead_letters_of(*dead) if len(dead) == 1 else WEBHOOKS, "bad")
    leaving = len(tx.end_requests.list(PageRequest(MOST_LEAVING + 1), status="waiting").items)
    if leaving:
        text = phrase_of(
            "%(number)s customer asks to leave a plan.", "%(number)s customers ask to leave a plan.", leaving
        )
        if leaving > MOST_LEAVING:
            text = phrase("More than %(number)s customers ask to leave a plan.", number=MOST_LEAVING)
        yield Matter(text, f"{CANCELLATIONS}?status=waiting")
    if not seat.engine.sends_mail:
        yield Matter(NO_MAIL_SERVER, SENT)


ROUTES = (seat_route(HOME, show_home),)
