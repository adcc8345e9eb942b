"""An answer about entitlements that is malformed, mistyped or meant otherwise grants nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import respx

from billing_sdk import Client
from billing_sdk.errors import BillingError
from tests.unit.sdk.kit import SETTINGS

pytestmark = pytest.mark.attack(106)

ANSWER = '{"data": {"org_code": null, "plans": %s, "entitlements": [%s]}, "metadata": {"has_more": false}}'
FEATURE = '{"id": "e1", "feature_key": "reports", "entitlement_limit_max": %s}'


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """One client for all of these; it keeps nothing between two answers."""
    with Client(sleep=lambda _: None, **SETTINGS) as client:
        yield client


def answer(body: str | bytes, issuer: respx.MockRouter) -> None:
    """Let the server answer exactly this."""
    content = body.encode() if isinstance(body, str) else body
    issuer.get("/account_api/v1/entitlements").mock(
        side_effect=lambda _: httpx.Response(200, content=content, headers={"content-type": "application/json"})
    )


@pytest.mark.parametrize("limit", ["null", "1", "1000000", "9007199254740993"])
def test_a_feature_without_a_limit_or_with_one_above_zero_is_included(
    limit: str, client: Client, issuer: respx.MockRouter
) -> None:
    answer(ANSWER % ("[]", FEATURE % limit), issuer)
    assert client.entitlements.list("token").has("reports")


@pytest.mark.parametrize("limit", ["0", "-0", "-1", "-9223372036854775809"])
def test_a_limit_of_zero_or_less_is_none_at_all_and_not_unlimited(
    limit: str, client: Client, issuer: respx.MockRouter
) -> None:
    answer(ANSWER % ("[]", FEATURE % limit), issuer)
    found = client.entitlements.list("token")
    assert (found.has("reports"), (found.limit("reports") or 0) <= 0) == (False, True)


@pytest.mark.parametrize(
    "limit",
    [
        "true",
        "false",
        '"1"',
        '"0"',
        '"false"',
        '"unlimited"',
        '""',
        "1.0",
        "1e3",
        "1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "[1]",
        '{"max": 1}',
        "0x10",
        "01",
        "1_000",
        "9" * 5_000,
    ],
    ids=lambda limit: limit[:12],
)
def test_a_limit_of_another_type_spoils_the_answer(limit: str, client: Client, issuer: respx.MockRouter) -> None:
    answer(ANSWER % ("[]", FEATURE % limit), issuer)
    with pytest.raises(BillingError):
        client.entitlements.list("token")


@pytest.mark.parametrize(
    "feature",
    [
        '"reports"',
        '{"id": "e1", "feature_key": true}',
        '{"id": "e1", "feature_key": ["reports"]}',
        '{"id": "e1", "feature_key": ""}',
        '{"id": "e1", "feature_key": "reports", "feature_key": "reports"}',
        '{"id": 7, "feature_key": "reports"}',
        '{"feature_key": "reports"}',
        '[["feature_key", "reports"]]',
        "null",
        "true",
    ],
)
def test_a_feature_of_another_shape_spoils_the_answer(feature: str, client: Client, issuer: respx.MockRouter) -> None:
    answer(ANSWER % ("[]", feature), issuer)
    with pytest.raises(BillingError):
        client.entitlements.list("token")


@pytest.mark.parametrize(
    "key", ["Reports", "reports ", "reports\\u0000", "reports\\n", "\\u0455eports", "report", "reports2"]
)
def test_a_key_that_only_looks_alike_is_another_feature(key: str, client: Client, issuer: respx.MockRouter) -> None:
    answer(ANSWER % (f'[{{"key": "{key}"}}]', f'{{"id": "e1", "feature_key": "{key}"}}'), issuer)
    try:
        found = client.entitlements.list("token")
    except BillingError:
        return
    assert not found.has("reports")
    assert not found.on_plan("reports")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "true",
        '"reports"',
        "{",
        '{"data": null}',
        '{"data": true}',
        '{"data": {"entitlements": {"reports": true}}}',
        '{"data": {"entitlements": "reports"}}',
        '{"data": {}, "data": {}}',
        "[" * 10_000,
        '{"data":' * 5_000,
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf" + b"{}",
        b"\x1f\x8b\x08\x00",
        "<html>reports</html>",
        '{"data": {"entitlements": []}} trailing',
    ],
    ids=lambda body: ascii(body[:24]),
)
def test_an_answer_that_is_no_document_grants_nothing_and_is_our_own_error(
    body: str | bytes, client: Client, issuer: respx.MockRouter
) -> None:
    answer(body, issuer)
    with pytest.raises(BillingError):
        client.entitlements.list("token")
