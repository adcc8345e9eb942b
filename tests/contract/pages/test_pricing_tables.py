"""Pricing tables on the dashboard: made, filled, put in order, translated, looked at, shown, and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from billing_sdk.server.domain.catalog import PricingTable
from billing_sdk.server.usecases.archive_plan import archive_plan, restore_plan
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.testing.visitor import Page, Visitor
from tests.contract.pages.visits import begin, leaves_for_application, register
from tests.serving import RunningServer

TABLES = "/dashboard/pricing-tables"


@pytest.fixture(scope="module")
def ada(site: RunningServer) -> Iterator[Visitor]:
    """Ada, who is an operator, at the dashboard."""
    with Visitor() as visitor:
        visitor.open(f"{site.base_url}/dashboard")
        visitor.submit(email=site.seed.users[0][0], password=site.seed.users[0][1])
        yield visitor


@pytest.fixture
def spring(site: RunningServer) -> PricingTable:
    """A live table of three cards."""
    return save_pricing_table(site.engine, key="spring", group_key="individuals", name="Spring", is_live=True)


def opened(ada: Visitor, site: RunningServer, path: str = "") -> Page:
    return ada.open(f"{site.base_url}{TABLES}{path}")


def table_in(site: RunningServer, key: str) -> PricingTable:
    with site.engine.read() as tx:
        return tx.pricing_tables.get(key)


def test_a_table_is_generated_from_a_group_and_nobody_sees_it_before_it_is_live(ada, site):
    opened(ada, site, "/_new")
    page = ada.submit("Add pricing table", name="For people", group="individuals", start="generate")
    table = table_in(site, "for_people")

    assert "It was created." in page.text
    assert [card.plan_keys for card in table.cards] == [
        ("free",),
        ("pro_monthly", "pro_quarterly", "pro_yearly"),
        ("enterprise_monthly",),
        ("starter",),
    ]
    assert (table.name, table.is_live, table.is_default) == ("For people", False, False)
    ada.submit("Make live")
    assert table_in(site, "for_people").is_live


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "", "group": "individuals"}, "Enter a name."),
        ({"name": "Teams again", "key": "teams", "group": "teams"}, "teams"),
        ({"name": "Teams", "key": "_new", "group": "teams"}, "letters and digits"),
        ({"name": "No group", "group": "nobody"}, "nobody"),
    ],
)
def test_a_table_that_cant_be_made_says_why_beside_what_was_typed(ada, site, fields, problem):
    opened(ada, site, "/_new")
    page = ada.submit("Add pricing table", **fields)

    assert page.status == 422
    assert problem in page.text
    assert page.forms[-1].fields["name"] == fields["name"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("New", "new"),
        ("\u00dcn\u00efcode Tabl\u00f6 \u0131", "unicode_tablo_i"),
        ("\u4e2d\u6587", "table_1"),
        ("\u65e5\u672c", "table_2"),
    ],
)
def test_a_table_of_any_name_has_a_key_and_a_page_of_its_own(ada, site, name, key):
    opened(ada, site, "/_new")
    ada.submit("Add pricing table", name=name, group="individuals", start="blank")
    page = opened(ada, site, f"/{key}")

    assert table_in(site, key).name == name
    assert "Make live" in page.text


def test_a_blank_table_is_filled_by_hand(ada, site):
    opened(ada, site, "/_new")
    ada.submit("Add pricing table", name="By hand", key="hand", group="individuals", start="blank")
    ada.follow("Add plan")
    ada.submit("Add plan", plan="pro_monthly", display_name="Pro for you", call_to_action="Take it")
    page = ada.submit(
        "Save",
        display_name="Pro for you",
        description="All of it",
        features_heading="Includes",
        features="Reports\r\n\r\n  Tokens  ",
        highlight_label="Loved",
        call_to_action="Take it",
        **{"also-pro_yearly": "yes"},
    )
    (card,) = table_in(site, "hand").cards

    assert "Your changes were saved." in page.text
    assert card.plan_keys == ("pro_monthly", "pro_yearly")
    assert (card.content.display_name, card.content.highlight_label) == ("Pro for you", "Loved")
    assert card.content.features == ("Reports", "Tokens")
    for words in ("Monthly", "Yearly save 17%", "Saves US$58.00 against US$29.00 per month"):
        assert words in page.text


def test_what_is_typed_is_looked_at_before_it_is_saved(ada, site, spring):
    opened(ada, site, "/spring/cards/free")
    page = ada.submit("Preview", display_name="Not for long")

    assert "Nothing is saved yet." in page.text
    assert page.html.count("Not for long") == 3  # in its field, and in the preview on its card and its column
    opened(ada, site, "/spring")
    assert "A heading to be" in ada.submit("Preview", heading="A heading to be").text
    assert table_in(site, "spring") == spring


def test_a_card_is_translated_into_any_language_and_forgets_it_again(ada, site, spring):
    opened(ada, site, "/spring/cards/free?language=fr-CA")
    ada.submit("Save", display_name="Gratuit", call_to_action="Choisir", features="Un\nDeux")
    assert table_in(site, "spring").cards[0].translations["fr-CA"].features == ("Un", "Deux")
    page = opened(ada, site, "/spring/preview?language=fr-CA&width=phone")
    assert "Gratuit" in page.text
    assert "preview-phone" in page.html
    opened(ada, site, "/spring/cards/free?language=fr-CA")
    ada.submit("Remove this translation")
    assert table_in(site, "spring").cards[0].translations == {}


@pytest.mark.parametrize("path", ["/spring/cards/free", "/spring", "/spring/preview"])
@pytest.mark.parametrize("tag", ["pt_BR", "x-foo"])
def test_a_mistyped_language_is_refused_and_not_taken_for_that_of_the_table(ada, site, spring, path, tag):
    page = opened(ada, site, f"{path}?language={tag}")
    assert (page.status, tag in page.text) == (400, True)


def test_the_fields_of_a_card_have_the_direction_of_their_language(ada, site, spring):
    assert opened(ada, site, "/spring/cards/free?language=he").html.count('lang="he" dir="rtl"') == 6
    assert opened(ada, site, "/spring?language=he").html.count('lang="he" dir="rtl"') == 1


def test_a_heading_and_a_preview_are_in_the_language_that_is_asked_for(ada, site, spring):
    opened(ada, site, "/spring?language=de")
    page = ada.submit("Save", heading="Tarife")

    assert "?language=de" in page.url
    assert table_in(site, "spring").headings == {"de": "Tarife"}
    assert "29,00\u00a0$" in opened(ada, site, "/spring/preview?language=de").html
    assert 'dir="rtl"' in opened(ada, site, "/spring/preview?language=ar").html
    opened(ada, site, "/spring?language=de")
    ada.submit("Save", heading="")
    assert table_in(site, "spring").headings == {}


def test_plans_are_put_in_another_order_and_taken_off(ada, site, spring):
    def order() -> list[str]:
        return [card.plan_key for card in table_in(site, "spring").cards]

    opened(ada, site, "/spring")
    ada.submit("Move down")
    assert order() == ["pro_monthly", "free", "enterprise_monthly", "starter"]
    ada.submit("Move up")
    assert order() == ["free", "pro_monthly", "enterprise_monthly", "starter"]
    ada.submit("Remove")
    assert order() == ["pro_monthly", "enterprise_monthly", "starter"]
    save_pricing_table(site.engine, key="spring", cards=spring.cards)


def test_one_table_of_a_scope_is_shown_by_default(ada, site, spring):
    opened(ada, site, "/spring")
    ada.submit("Show by default")
    assert (table_in(site, "spring").is_default, table_in(site, "default_users").is_default) == (True, False)
    ada.submit("Do not show by default")
    assert not table_in(site, "spring").is_default
    save_pricing_table(site.engine, key="default_users", is_default=True)


def test_what_another_operator_has_changed_meanwhile_is_not_undone(ada, site, spring):
    opened(ada, site, "/spring/cards/free")
    save_pricing_table(site.engine, key="spring", heading="Changed")
    page = ada.submit("Save", display_name="Late")

    assert page.status == 422
    assert "Somebody else has changed this meanwhile." in page.text
    assert table_in(site, "spring").cards == spring.cards
    save_pricing_table(site.engine, key="spring", heading="")


@pytest.mark.parametrize("button", ["Move up Pro", "Move down Free", "Remove Free"])
def test_a_card_that_another_operator_has_changed_meanwhile_is_neither_moved_nor_removed(ada, site, spring, button):
    opened(ada, site, "/spring")
    first = spring.cards[0]
    edited = replace(first, content=replace(first.content, description=f"Written before: {button}"))
    changed = save_pricing_table(site.engine, key="spring", cards=(edited, *spring.cards[1:]))
    page = ada.submit(button)

    assert page.status == 422
    assert "Somebody else has changed this meanwhile." in page.text
    assert table_in(site, "spring").cards == changed.cards


def test_two_plans_that_are_paid_equally_often_share_no_card(ada, site, spring):
    page = opened(ada, site, "/spring/cards/pro_monthly")
    assert "also-enterprise_monthly" not in page.html

    refused = ada.submit("Save", call_to_action=" ")
    assert refused.status == 422
    assert "call to action" in refused.text


def test_an_archived_plan_is_marked_and_shown_to_nobody(ada, site, spring):
    archive_plan(site.engine, plan_key="starter")
    page = opened(ada, site, "/spring")
    restore_plan(site.engine, plan_key="starter")

    assert "Starter Archived, not shown" in page.text
    assert 'id="plan-starter"' not in page.html


def test_a_table_is_deleted_once_that_is_confirmed(ada, site):
    save_pricing_table(site.engine, key="gone", group_key="teams")
    opened(ada, site, "/gone")
    page = ada.submit("Delete pricing table")

    assert page.url.endswith(f"{TABLES}?done=deleted")
    assert opened(ada, site, "/gone").status == 404


def test_tables_can_be_hidden_at_sign_up_alone(ada, site, visitor, email):
    opened(ada, site)
    ada.submit("Save", csrf_token=ada.page.forms[-1].fields["csrf_token"], shows="no")
    begin(visitor, site)
    leaves_for_application(lambda: register(visitor, email))
    opened(ada, site)
    ada.submit("Save", csrf_token=ada.page.forms[-1].fields["csrf_token"], shows="yes")
    with site.engine.read() as tx:
        assert tx.billing_settings.find().show_pricing_table_at_sign_up


def test_a_table_that_there_is_not_is_not_found_whatever_is_asked_of_it(ada, site, spring):
    for path in ("/none", "/none/add", "/none/preview", "/none/delete", "/spring/cards/none", "/none/cards/free"):
        assert opened(ada, site, path).status == 404
