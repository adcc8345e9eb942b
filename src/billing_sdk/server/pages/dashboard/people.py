"""People and organizations: whoever pays is shown as a customer, anybody else with what is known of an account."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.identity import Organization, User
from billing_sdk.server.pages.dashboard.listing import Cell, Column, Row, row
from billing_sdk.server.pages.dashboard.places import CUSTOMERS, PEOPLE
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.words import Phrase, Value, phrase

MOST = 50
COLUMNS = (Column(phrase("Name")), Column(phrase("Roles")))


def show_account(seat: Seat) -> Response:
    """Show the person or the organization of the address.

    Raises:
        NotFound: there is neither.
    """
    wanted = seat.request.path_params["account_id"]
    with seat.engine.read() as tx:
        user, organization = tx.users.find(wanted), tx.organizations.find(wanted)
        customer = tx.customers.find_by_user(wanted) or tx.customers.find_by_organization(wanted)
        if customer is not None:
            return seat.go_to(f"{CUSTOMERS}/{customer.id}")
        if user is not None:
            name, what, facts = user.name, phrase("Person"), _facts_of_person(user)
            title, rows = phrase("Organizations"), _organizations(tx, user)
        elif organization is not None:
            name, what, facts = organization.name, phrase("Organization"), _facts_of_organization(organization)
            title, rows = phrase("Members"), _members(tx, organization)
        else:
            raise NotFound("there is no such person or organization")
    return seat.show("person", name=name, what=what, facts=facts, title=title, columns=COLUMNS, rows=rows)


def _facts_of_person(user: User) -> list[tuple[Phrase, Value]]:
    return [
        (phrase("E-mail"), user.email),
        (phrase("Since"), user.created_at),
        (phrase("Person id"), user.id),
    ]


def _facts_of_organization(organization: Organization) -> list[tuple[Phrase, Value]]:
    known: list[tuple[Phrase, Value | None]] = [
        (phrase("Since"), organization.created_at),
        (phrase("Organization code"), organization.code),
        (phrase("Handle"), organization.handle),
        (phrase("Id elsewhere"), organization.external_id),
    ]
    return [(label, value) for label, value in known if value]


def _organizations(tx: UnitOfWork, user: User) -> list[Row]:
    roles = {place.org_code: place.role_keys for place in tx.organizations.memberships_of(user.id)}
    return [
        row(Cell(one.name, url=f"{PEOPLE}/{one.code}"), ", ".join(roles.get(one.code, ())))
        for one in tx.organizations.of_user(user.id)
    ]


def _members(tx: UnitOfWork, organization: Organization) -> list[Row]:
    found = tx.users.list(PageRequest(MOST), org_code=organization.code).items
    roles = tx.organizations.roles_of(organization.code, [user.id for user in found])
    return [
        row(Cell(user.name, url=f"{PEOPLE}/{user.id}", note=user.email), ", ".join(roles.get(user.id, ())))
        for user in found
    ]


ROUTES: tuple[BaseRoute, ...] = (seat_route(f"{PEOPLE}/{{account_id}}", show_account),)
