"""Reservations in the client: what is not sent, and what is not taken for an answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from billing_sdk.errors import InvalidQuantity, InvalidRequest, LimitReached, PaymentRequired, UnsafeAnswer
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.usage_cases import HELD, answer

pytestmark = pytest.mark.attack(108)
PATH = "/api/v1/billing/reservations"


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        ({}, InvalidRequest),
        ({"agreement_id": "agreement_1", "user_id": "kp_1"}, InvalidRequest),
        ({"user_id": "kp_1", "units": 1.5}, InvalidQuantity),
        ({"user_id": "kp_1", "units": True}, InvalidQuantity),
        ({"user_id": "kp_1", "units": -1}, InvalidQuantity),
        ({"user_id": "kp_1", "units": "1e3"}, InvalidQuantity),
        ({"user_id": "kp_1", "units": Decimal("NaN")}, InvalidQuantity),
    ],
    ids=str,
)
def test_what_can_not_be_reserved_is_refused_before_it_is_sent(
    driver: Driver, issuer: respx.MockRouter, request_: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        driver.run(lambda c: c.usage.reserve(feature_code="ai_tokens", **request_))
    assert len(issuer.calls) == 0


@pytest.mark.parametrize("name", ["", "..", "a\nb", "x" * 256])
def test_an_id_that_would_be_read_as_a_part_of_the_path_is_not_sent(
    driver: Driver, issuer: respx.MockRouter, name: str
) -> None:
    for verb in ("commit", "release"):
        with pytest.raises(InvalidRequest):
            driver.run(lambda c, verb=verb: getattr(c.usage, verb)(replace(HELD, id=name)))
    assert len(issuer.calls) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"units": "many"},
        {"units": 5},
        {"units": None},
        {"units": "1e9"},
        {"expires_on": "tomorrow"},
        {"expires_on": None},
        {"id": 7},
        {"customer_agreement_id": None},
        {"status": None},
    ],
    ids=str,
)
def test_an_answer_that_is_no_reservation_is_not_taken_for_one(
    driver: Driver, issuer: respx.MockRouter, change: dict[str, Any]
) -> None:
    told = answer("held")
    told["reservation"] = {**HELD_DOCUMENT, **change}
    issuer.post(PATH).mock(httpx.Response(200, json=told))
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.usage.reserve(feature_code="ai_tokens", user_id="kp_1"))


def test_a_limit_that_is_reached_is_an_error_of_its_own(driver: Driver, issuer: respx.MockRouter) -> None:
    facts = {"feature": "ai_tokens", "limit": 10, "used": "8", "held": "0", "asked": "4"}
    refusal = {"errors": [{"code": "LIMIT_REACHED", "message": "no", **facts}]}
    issuer.post(PATH).mock(httpx.Response(402, json=refusal))
    with pytest.raises(PaymentRequired) as caught:
        driver.run(lambda c: c.usage.reserve(feature_code="ai_tokens", units=4, user_id="kp_1"))
    assert (type(caught.value), caught.value.facts) == (LimitReached, facts)


HELD_DOCUMENT: dict[str, Any] = dict(answer("held")["reservation"])  # type: ignore[call-overload] # a dictionary
