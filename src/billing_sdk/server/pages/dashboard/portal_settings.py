"""The portal's settings: what customers may do for themselves, with words about each."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import PreconditionFailed
from billing_sdk.server.domain.workspace import PortalSettings, Wish, field_of
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.update_portal_settings import update_portal_settings
from billing_sdk.server.words import Phrase, phrase

PORTAL = "/dashboard/portal"
APPROVAL = "cancellations_need_approval"
YES = "yes"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, with what it is called and what it means."""

    name: str
    label: Phrase
    hint: Phrase


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    title: Phrase
    settings: tuple[Setting, ...]


def _about(wish: Wish, label: Phrase, hint: Phrase) -> Setting:
    return Setting(field_of(wish), label, hint)


GROUPS: tuple[Group, ...] = (
    Group(
        phrase("Plans"),
        (
            _about(
                "change_plan",
                phrase("Change plan"),
                phrase("Customers choose another plan from the pricing table, and see what is charged before."),
            ),
            _about("cancel", phrase("Cancel"), phrase("Customers end their plan, now or at the end of what is paid.")),
            Setting(
                APPROVAL,
                phrase("Cancellations need approval"),
                phrase("A customer who cancels asks for it. The plan goes on until you have decided."),
            ),
            _about("pause", phrase("Pause"), phrase("Nothing is included and nothing is charged during a pause.")),
            _about(
                "resume",
                phrase("Resume"),
                phrase("Customers go on with a plan that is paused, or that is going to end."),
            ),
            _about(
                "buy_add_ons",
                phrase("Add-ons"),
                phrase("Customers buy the add-ons that fit their plan, change how many they have, and remove them."),
            ),
            _about("change_seats", phrase("Seats"), phrase("Customers change the number of seats that they pay for.")),
        ),
    ),
    Group(
        phrase("Payments"),
        (
            _about(
                "manage_payment_methods",
                phrase("Payment methods"),
                phrase("Customers enter, choose and remove cards and other payment methods."),
            ),
            _about(
                "edit_billing_address",
                phrase("Billing address"),
                phrase("Customers change the address and the tax numbers on their invoices."),
            ),
            _about("top_up", phrase("Top-up"), phrase("Customers buy credit for usage.")),
            _about(
                "see_invoices", phrase("Invoices"), phrase("Customers see their invoices, and pay those that are open.")
            ),
            _about("see_usage", phrase("Usage"), phrase("Customers see how much they have used of what is included.")),
        ),
    ),
    Group(
        phrase("Accounts"),
        (
            _about("edit_profile", phrase("Profile"), phrase("People change their own name.")),
            _about(
                "edit_organization",
                phrase("Organization"),
                phrase("Members with the permission for it change the name of their organization."),
            ),
            _about(
                "manage_members",
                phrase("Members"),
                phrase("Members with the permission for it invite others, change their roles, and remove them."),
            ),
        ),
    ),
)
NAMES = tuple(setting.name for group in GROUPS for setting in group.settings)


def show_portal(seat: Seat) -> Response:
    """Show what customers may do."""
    with seat.engine.read() as tx:
        settings = tx.portal_settings.get()
    form = Form({name: YES for name in NAMES if getattr(settings, name)})
    return _page(seat, form.of_version(settings))


def save_portal(seat: Seat, form: Form) -> Response:
    """Let customers do what is ticked, and nothing else."""
    settings = PortalSettings(**{name: form.text(name) == YES for name in NAMES})
    try:
        update_portal_settings(seat.engine, settings=settings, versions=form.versions(), actor=seat.operator.id)
    except PreconditionFailed as error:
        return _page(seat, form.refused(error))
    return seat.go_to(PORTAL, "saved")


def _page(seat: Seat, form: Form) -> Response:
    return seat.show("portal", form, groups=GROUPS)


ROUTES: tuple[BaseRoute, ...] = (seat_route(PORTAL, show_portal, save_portal),)
