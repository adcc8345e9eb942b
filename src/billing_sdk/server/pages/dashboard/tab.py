"""The billing tab of an application: the empty state while billing is off, and all of billing while it is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import APIError, InvalidRequest
from billing_sdk.server import web
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.workspace import GATEWAYS, GatewayKind, PaymentApp, Workspace
from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.words import Phrase, phrase

# The tab has what belongs to the application; what belongs to the workspace has pages of its own.
SECTIONS = (("", phrase("Overview")), ("settings", phrase("Settings")))
GATEWAY_NAMES: dict[GatewayKind, Phrase] = {
    "managed": phrase("Test processor"),
    "stripe_connect": phrase("Stripe, linked account"),
    "stripe_platform": phrase("Stripe, own key"),
}
GATEWAY_WORDS: dict[GatewayKind, Phrase] = {
    "managed": phrase("Takes test cards only, and needs nothing to be set up. For local work and demos."),
    "stripe_connect": phrase("Your own Stripe account, linked by its owner. Payouts go to that account."),
    "stripe_platform": phrase("The Stripe account whose key this server was given."),
}
CONNECTIONS = {
    "not_connected": phrase("Not connected"),
    "connecting": phrase("Connecting"),
    "in_progress": phrase("In progress"),
    "connected": phrase("Connected"),
    "disconnected": phrase("Disconnected"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """The billing tab of one application.

    Attributes:
        app: the linked account of the present gateway, if there is one.
        connected: the linked account of `stripe_connect`, whatever the present gateway is.
    """

    seat: Seat
    application: Application
    workspace: Workspace
    app: PaymentApp | None
    connected: PaymentApp | None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"/dashboard/applications/{self.application.client_id}/billing"

    @property
    def gateway(self) -> Phrase:
        """What the present gateway is called."""
        return GATEWAY_NAMES[self.workspace.gateway or "managed"]

    def show(self, template: str, section: str, form: Form | None = None, **values: Any) -> Response:
        """Return a page of the tab."""
        can_connect = self.seat.engine.settings.stripe_connect_client_id is not None
        if can_connect:
            settings = self.seat.engine.settings
            web.allow_form_target(self.seat.request, settings.stripe_api_base or "https://connect.stripe.com")
        return self.seat.show(
            template,
            form,
            tab=self,
            section=section,
            sections=self._sections() if self.workspace.is_billing_enabled else (),
            connections=CONNECTIONS,
            gateways=[(kind, GATEWAY_NAMES[kind], GATEWAY_WORDS[kind]) for kind in GATEWAYS],
            can_connect=can_connect,
            **values,
        )

    def _sections(self) -> list[tuple[str, str, Phrase]]:
        return [(name, f"{self.url}/{name}" if name else self.url, label) for name, label in SECTIONS]


def open_tab(seat: Seat) -> Tab:
    """Return the tab of the address.

    Raises:
        NotFound: there is no such application.
    """
    with seat.engine.read() as tx:
        application = tx.applications.get(seat.request.path_params["client_id"])
        workspace = tx.workspace.get()
        app = tx.payment_apps.of_gateway(workspace.gateway) if workspace.gateway else None
        return Tab(seat, application, workspace, app, tx.payment_apps.of_gateway("stripe_connect"))


def show_overview(seat: Seat) -> Response:
    """Show the empty state with its one action, or what collects money and how it fares."""
    return _overview(open_tab(seat), Form())


def _overview(tab: Tab, form: Form) -> Response:
    if not tab.workspace.is_billing_enabled:
        return tab.show("empty", "", form)
    with tab.seat.engine.read() as tx:
        customers = tx.customers.count()
        plans = tx.catalog.count(status="published")
        waiting = tx.charges.waiting_reasons()
    return tab.show("overview", "", form, customers=customers, plans=plans, waiting=waiting)


def enable(seat: Seat, form: Form) -> Response:
    """Enable billing with the gateway that was chosen, or go on with another one."""
    tab = open_tab(seat)
    try:
        gateway = _gateway(form.text("gateway") or "managed")
        enable_billing(seat.engine, gateway=gateway, actor=seat.operator.id)
    except APIError as error:
        return show_again(tab, form.refused(error))
    note = "switched" if tab.workspace.is_billing_enabled else "enabled"
    return RedirectResponse(f"{tab.url}?done={note}", 303)


def disable(seat: Seat, form: Form) -> Response:
    """Disable billing."""
    tab = open_tab(seat)
    try:
        disable_billing(seat.engine, actor=seat.operator.id)
    except APIError as error:
        return show_settings_of(tab, form.refused(error))
    return RedirectResponse(f"{tab.url}?done=disabled", 303)


def show_again(tab: Tab, form: Form) -> Response:
    """Show a form once more, with what was refused, where it stands."""
    return show_settings_of(tab, form) if tab.workspace.is_billing_enabled else _overview(tab, form)


def show_settings_of(tab: Tab, form: Form) -> Response:
    """Show which gateway collects, the choice of another one, and the way to disable billing."""
    return tab.show("settings", "settings", form)


def _gateway(name: str) -> GatewayKind:
    found = next((kind for kind in GATEWAYS if kind == name), None)
    if found is None:
        raise InvalidRequest("there is no such gateway", parameter="gateway")
    return found
