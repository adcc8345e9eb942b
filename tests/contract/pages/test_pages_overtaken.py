"""What somebody else has changed meanwhile is not lost to a form that was made before: it says so, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.usecases.signed_endpoints import register_signed_endpoint
from billing_sdk.testing.visitor import forms_on
from tests.contract.pages.operator import Operator, at_the_dashboard, plain
from tests.world import Reader

CHANGED = "Somebody else has changed this meanwhile. Open the page again, and change what is there now."
# Who sends it, where the form stands, where it goes, and what one and the other tab type into which field.
FORMS: list[tuple[Reader, str, str, str, str, str]] = [
    ("operator", "/dashboard/roles/{role_id}", "", "name", "Owner", "Founder"),
    ("operator", "/dashboard/features/{feature_key}", "", "description", "Words", "Tokens"),
    ("operator", "/dashboard/usage/meters/{meter_key}", "", "name", "Words", "Tokens"),
    ("operator", "/dashboard/applications/{client_id}", "", "name", "Shop", "Store"),
    ("operator", "/dashboard/webhooks/{endpoint_id}", "", "name", "Ledger", "Books"),
    ("operator", "/dashboard/webhooks/{signed_id}", "", "description", "Ledger", "Books"),
    ("operator", "/dashboard/portal", "", "may_pause", "yes", ""),
    ("operator", "/dashboard/mail/kinds/receipt?in=en", "", "subject", "Thanks", "Thank you"),
    ("operator", "/dashboard/plans/{plan_key}", "", "name", "Big", "Large"),
    ("operator", "/dashboard/plans/{current_plan_key}/edit", "", "price", "31", "32"),
    ("operator", "/dashboard/policies", "", "zone", "Europe/Berlin", "Europe/Istanbul"),
    ("customer", "/portal/profile", "", "given_name", "Amazing", "Admiral"),
    ("customer", "/portal/billing_address", "", "city", "Arlington", "New York"),
    ("customer", "/portal/credit/top_up", "/portal/credit/automatic", "threshold", "5", "7"),
    ("member", "/portal/organization_details", "", "name", "Engines", "Analysts"),
    ("member", "/portal/organization_members/{member_id}", "", "role_billing_admin", "", "yes"),
]


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with at_the_dashboard(tmp_path_factory.mktemp("overtaken")) as operator:
        signed, _ = register_signed_endpoint(
            operator.engine, url="https://hooks.example.com/signed", format="thin", event_types=("*",)
        )
        operator.ids["signed_id"] = signed.id
        yield operator


def filled(operator: Operator, place: str, action: str, field: str, typed: str) -> dict[str, str]:
    """Return the form of a page as somebody would send it who has typed something into a field."""
    action = action or operator.path(place).partition("?")[0]
    form = next(
        one
        for one in forms_on(operator.get(place).text)
        if one.action.partition("?")[0] == action and field in {*one.fields, *one.unticked}
    )
    button = next((({name: value} if name else {}) for _, name, value in form.buttons), {})
    country = {"country": "US"} if form.fields.get("country") == "" else {}
    fields = {**form.fields, **country, **button, field: typed}
    return fields if typed else {name: value for name, value in fields.items() if name != field}


@pytest.mark.parametrize(("reader", "place", "action", "field", "mine", "theirs"), FORMS)
def test_a_form_that_was_overtaken_changes_nothing_and_shows_what_was_typed(
    operator, reader, place, action, field, mine, theirs
):
    operator.cookies = operator.made.cookies[reader]
    goes_to = action or operator.path(place)
    first = filled(operator, place, action, field, mine)
    other = operator.send(goes_to, filled(operator, place, action, field, theirs))
    assert other.status_code == 303, plain(other)
    overtaken = operator.send(goes_to, first)
    assert overtaken.status_code == 422, plain(overtaken)
    assert CHANGED in plain(overtaken)
    # An empty address is that of the page itself, which is asked for anew.
    assert '<a href="">Open the page again</a>' in overtaken.text
    assert operator.get(goes_to).status_code in (200, 303)
    typed = next(one.fields.get(field, "") for one in forms_on(overtaken.text) if field in {*one.fields, *one.unticked})
    assert typed == mine
    # Whoever opens the page again sees what the other one has made of it, and can go on from there.
    assert operator.send(goes_to, filled(operator, place, action, field, mine)).status_code == 303
