"""Portal links and quantities: what may be asked for, and where a link may lead."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from billing_sdk.errors import InvalidQuantity, InvalidRequest, UnsafeAnswer
from billing_sdk.resources.usage import plain_quantity
from tests.unit.sdk.conftest import Driver


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"token": "t", "user_id": "kp_1"},
        {"token": "t", "organization_code": "org_1"},
        {"token": "t", "sub_nav": "everything"},
        *(
            {"token": "t", "return_url": url}
            for url in (
                "/back",
                "javascript:alert(1)",
                "data:text/html,x",
                "https:evil",
                "//evil.example",
                "https://",
                "https://user@app.example/",
                "https://app.example\\@evil.example",
                "https://app.example/\n",
                "https://[::1",
                "https://app.example/" + "x" * 2_048,
            )
        ),
    ],
    ids=lambda options: str(options)[:60],
)
def test_a_link_that_makes_no_sense_is_not_asked_for(
    options: dict[str, Any], driver: Driver, issuer: respx.MockRouter
) -> None:
    with pytest.raises(InvalidRequest):
        driver.run(lambda c: c.portal.create_link(**options))
    assert not issuer.calls


@pytest.mark.attack(121)
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/portal_redirect?key=x",
        "http://id.example/portal_redirect?key=x",
        "https://id.example.evil.example/",
        "https://id.example@evil.example/",
        "https://id.example:8443/",
        "javascript:alert(1)",
        "//id.example/",
        "/portal_redirect?key=x",
        "https://id.example\\@evil.example/",
        "https://id.example/\n",
        "https://[id.example",
        "",
        7,
        None,
    ],
    ids=repr,
)
def test_a_link_that_leads_away_from_the_issuer_is_refused(url: Any, driver: Driver, issuer: respx.MockRouter) -> None:
    issuer.get("/account_api/v1/portal_link").mock(httpx.Response(200, json={"url": url}))
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.portal.create_link(token="t"))


@pytest.mark.attack(119)
def test_a_link_is_secret(driver: Driver, issuer: respx.MockRouter) -> None:
    url = "https://id.example/portal_redirect?key=shh"
    issuer.get("/account_api/v1/portal_link").mock(httpx.Response(200, json={"url": url}))
    link = driver.run(lambda c: c.portal.create_link(token="t"))
    assert link.url == url
    assert "shh" not in repr(link)


@pytest.mark.parametrize(
    "value", [-1, "-0", 1.5, True, None, "NaN", "inf", "1e99", "", "one", "1" * 41, "1_0", " 1", "1e3", "٣"], ids=repr
)
def test_a_quantity_that_is_not_a_plain_number_is_refused(value: Any) -> None:
    with pytest.raises(InvalidQuantity):
        plain_quantity(value)


@pytest.mark.parametrize(("value", "text"), [(5, "5"), ("0.50", "0.50"), (0, "0")])
def test_a_quantity_is_sent_in_plain_digits(value: Any, text: str) -> None:
    assert plain_quantity(value) == text
