"""Every operation, in both colours: what it sends, and what it makes of the answer."""

from __future__ import annotations

import inspect
import json
import re
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from billing_sdk import (
    Event,
    PricingCard,
    resources,
)
from billing_sdk._operation import operation
from billing_sdk.errors import CardDeclined, InvalidRequest
from tests.unit.sdk.agreement_cases import AGREEMENT_CASES
from tests.unit.sdk.allowance_cases import ALLOWANCE_CASES
from tests.unit.sdk.billing_profile_cases import BILLING_PROFILE_CASES
from tests.unit.sdk.books_cases import BOOKS_CASES
from tests.unit.sdk.catalog_cases import CATALOG_CASES
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.correction_cases import CORRECTION_CASES
from tests.unit.sdk.coupon_cases import COUPON_CASES
from tests.unit.sdk.credit_cases import CREDIT_CASES
from tests.unit.sdk.delivery_cases import DELIVERY_CASES
from tests.unit.sdk.dispute_cases import DISPUTE_CASES
from tests.unit.sdk.invoice_cases import DRAFT_CASES
from tests.unit.sdk.kit import KEY, access_claims, event_claims
from tests.unit.sdk.meter_cases import METER_CASES
from tests.unit.sdk.operation_cases import CASES as OTHER_CASES, Case
from tests.unit.sdk.payment_method_cases import PAYMENT_METHOD_CASES
from tests.unit.sdk.price_object_cases import PRICE_OBJECT_CASES
from tests.unit.sdk.subject_key_cases import SUBJECT_KEY_CASES
from tests.unit.sdk.tax_cases import TAX_CASES
from tests.unit.sdk.usage_cases import USAGE_CASES

CASES = [
    *OTHER_CASES,
    *DELIVERY_CASES,
    *USAGE_CASES,
    *METER_CASES,
    *AGREEMENT_CASES,
    *ALLOWANCE_CASES,
    *SUBJECT_KEY_CASES,
    *CATALOG_CASES,
    *COUPON_CASES,
    *CORRECTION_CASES,
    *CREDIT_CASES,
    *DISPUTE_CASES,
    *DRAFT_CASES,
    *PAYMENT_METHOD_CASES,
    *PRICE_OBJECT_CASES,
    *TAX_CASES,
    *BILLING_PROFILE_CASES,
    *BOOKS_CASES,
]
# These have files of their own, because one answer does not tell their story.
ELSEWHERE = {
    "lease.use",
    "login.register_url",
    "login.login_url",
    "login.restart_url",
    "login.callback",
    "login.refresh",
    "login.revoke",
    "login.logout_url",
    "login.profile",
    "tokens.verify_access",
    "usage.record",
    "usage.record_many",
    "webhooks.verify",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_operation_sends_what_the_wire_asks_for_and_reads_the_answer(
    case: Case, driver: Driver, issuer: respx.MockRouter
) -> None:
    method, path = case.sends
    route = issuer.route(method=method, path=path).mock(httpx.Response(200, json=case.answer))

    found = driver.run(case.call)

    assert case.gives(found) if callable(case.gives) else found == case.gives
    (sent,) = [call.request for call in route.calls]
    assert dict(parse_qsl(sent.url.query.decode())) == case.params
    assert (json.loads(sent.content) if sent.content else None) == case.body
    assert sent.headers["authorization"] == f"Bearer {case.bearer}-token"
    assert sent.headers.get("idempotency-key") == case.idempotency_key


# Errors are read by what all operations share, so those of one group stand for the others.
@pytest.mark.parametrize("case", OTHER_CASES, ids=lambda case: case.name)
def test_an_operation_raises_the_error_that_the_server_names(
    case: Case, driver: Driver, issuer: respx.MockRouter
) -> None:
    method, path = case.sends
    refusal = {"errors": [{"code": "CARD_DECLINED", "message": "no", "decline_code": "expired_card"}]}
    issuer.route(method=method, path=path).mock(httpx.Response(402, json=refusal, headers={"X-Request-Id": "req_1"}))

    with pytest.raises(CardDeclined) as caught:
        driver.run(case.call)

    assert caught.value.request_id == "req_1"
    assert caught.value.facts == {"decline_code": "expired_card"}


def test_every_operation_is_covered_in_both_colours() -> None:
    nouns = {name: found for name, found in vars(resources).items() if isinstance(found, type)}
    described = {
        f"{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', noun).lower()}.{verb}"
        for noun, found in nouns.items()
        for verb, value in inspect.getmembers_static(found)
        if isinstance(value, operation)
    }
    assert described == {case.name for case in CASES} | ELSEWHERE


def test_a_token_is_verified_without_a_call_of_its_own(driver: Driver, issuer: respx.MockRouter) -> None:
    token = KEY.sign(access_claims())

    found = driver.run(lambda c: c.tokens.verify_access(token))

    assert (found.sub, found.org_code, found.permissions) == ("kp_1", "org_1", {"org:read:billing"})
    calls = len(issuer.calls)
    assert driver.run(lambda c: c.tokens.verify_access(token)) == found
    assert driver.client.tokens.known(token) is found
    assert len(issuer.calls) == calls


def test_a_webhook_becomes_an_event(driver: Driver, issuer: respx.MockRouter) -> None:
    body = KEY.sign(event_claims(), typ="JWT")

    event = driver.run(lambda c: c.webhooks.verify(body.encode()))

    assert type(event) is Event
    assert (event.type, event.id, event.customer_id) == ("customer.plan_changed", "event_1", "customer_1")


def test_a_card_of_a_table_that_is_none_is_named(driver: Driver) -> None:
    for card in ("pro", PricingCard("pro", content="cheap")):  # type: ignore[arg-type]  # what the types rule out
        with pytest.raises(InvalidRequest) as refused:
            driver.run(lambda c, card=card: c.pricing_tables.update("spring", cards=[card]))
        assert refused.value.facts["parameter"] == "cards"
