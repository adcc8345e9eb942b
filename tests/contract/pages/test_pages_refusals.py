"""What people are told when something is refused: in words for people, beside the field that it is about."""

from __future__ import annotations

import pytest

from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import CARD, begin, charges_of, leaves_for_application, plans_of, register
from tests.serving import RunningServer


@pytest.mark.parametrize("expiry", ["12/20", "01/2000"])
def test_a_card_that_has_expired_is_refused_beside_its_date_and_pays_nothing(
    site: RunningServer, visitor: Visitor, email: str, expiry: str
) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)

    page = visitor.submit("Pay", **{**CARD, "expiry": expiry})

    assert (page.status, plans_of(site, email), charges_of(site, email)) == (422, [], [])
    assert "The card has expired" in page.text
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    assert plans_of(site, email) == ["pro_monthly"]
