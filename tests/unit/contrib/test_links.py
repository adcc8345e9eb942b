"""Template helpers lead to the routes of this package, and print nothing unescaped."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from billing_sdk.contrib._links import Links
from billing_sdk.errors import InvalidSetting


class PlainLinks(Links):
    """Helpers of an application without a secret."""

    base = "/billing"
    issuer = "https://billing.example/"
    origin = "https://app.example"

    def sign_return_url(self, url: str) -> str:
        """Mark an address as ours."""
        return f"signed:{url}"


LINKS = PlainLinks()


@pytest.mark.parametrize(
    ("rendered", "expected"),
    [
        (LINKS.register_link("Sign up"), '<a href="/billing/register">Sign up</a>'),
        (
            LINKS.register_link("Pro", plan_interest="pro", is_create_org=True, org_name="Ada & Co"),
            '<a href="/billing/register?plan_interest=pro&amp;is_create_org=true&amp;org_name=Ada+%26+Co">Pro</a>',
        ),
        (
            LINKS.login_link("Sign in", class_="button", data_kind="x", hidden=True, title=None, return_to="/reports"),
            '<a href="/billing/login?return_to=%2Freports" class="button" data-kind="x" hidden>Sign in</a>',
        ),
        (
            LINKS.logout_link("Sign out", class_="quiet"),
            '<form method="post" action="/billing/logout"><button type="submit" class="quiet">Sign out</button></form>',
        ),
        (
            LINKS.portal_button("Manage", sub_nav="plan_details", return_url="/account"),
            '<a href="/billing/portal?sub_nav=plan_details&amp;return_url=%2Faccount">Manage</a>',
        ),
        (
            LINKS.portal_button("Manage", return_url="https://app.example/"),
            '<a href="/billing/portal?return_url=signed%3Ahttps%3A%2F%2Fapp.example%2F">Manage</a>',
        ),
        (
            LINKS.pricing_table("spring"),
            (
                '<script async src="https://billing.example/embed/pricing-table.js" data-key="spring"'
                ' data-register-url="https://app.example/billing/register"></script>'
                '<noscript><a href="/billing/register?pricing_table_key=spring">See plans</a></noscript>'
            ),
        ),
        (
            LINKS.pricing_table("spring", "Tarife", lang="de", color_scheme="dark", cadence="year", nonce="n"),
            (
                '<script async src="https://billing.example/embed/pricing-table.js" data-key="spring"'
                ' data-register-url="https://app.example/billing/register" data-lang="de" data-color-scheme="dark"'
                ' data-cadence="year" nonce="n"></script>'
                '<noscript><a href="/billing/register?pricing_table_key=spring&amp;lang=de">Tarife</a></noscript>'
            ),
        ),
    ],
)
def test_a_helper_renders_one_element(rendered: Markup, expected: str) -> None:
    assert isinstance(rendered, Markup)
    assert rendered == expected


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x>', "{0.__class__}"])
def test_text_and_values_are_escaped(text: str) -> None:
    for rendered in (
        LINKS.register_link(text, org_name=text, title=text),
        LINKS.logout_link(text, title=text),
        LINKS.portal_button(text, sub_nav=text, title=text),
    ):
        assert "<script" not in rendered
        assert "<img" not in rendered
        assert Markup.escape(text) in rendered


def test_text_that_is_safe_already_is_kept() -> None:
    assert LINKS.login_link(Markup("<b>In</b>")) == '<a href="/billing/login"><b>In</b></a>'


@pytest.mark.parametrize("name", ["onclick x", 'a"b', "a>b", "1a", "", "A"])
def test_a_name_that_could_break_out_of_the_element_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting):
        LINKS.login_link("Sign in", **{name: "x"})
