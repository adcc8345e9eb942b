"""Phrases and languages: what is said, to whom, and how figures are written in it."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import billing_sdk.server.pages
from billing_sdk.errors import CardDeclined, Forbidden, InvalidSetting, NotFound, Unauthenticated
from billing_sdk.money import Money
from billing_sdk.server.words import (
    Exact,
    detail_of,
    environment,
    languages_in,
    phrase,
    phrase_of,
    remedy_of,
    title_of,
    told,
)
from billing_sdk.server.words.errors import REMEDIES, SAID_TO_PEOPLE

DUTCH = """
msgid ""
msgstr ""
"Language: nl\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Wait %(time)s and try again."
msgstr "Probeer het over %(time)s opnieuw."

msgid "%(number)s day"
msgid_plural "%(number)s days"
msgstr[0] "%(number)s dag"
msgstr[1] "%(number)s dagen"

msgid "Card declined"
msgstr "Kaart geweigerd"
"""
BELGIAN = """
msgid ""
msgstr ""
"Language: nl_BE\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "Card declined"
msgstr "Kaart niet aanvaard"
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("languages")
    folder.joinpath("nl.po").write_text(DUTCH)
    folder.joinpath("nl-BE.po").write_text(BELGIAN)
    return str(folder)


def test_a_phrase_is_said_in_the_language_of_its_reader(directory):
    waiting = phrase("Wait %(time)s and try again.", time=phrase_of("%(number)s day", "%(number)s days", 2))
    languages = languages_in(directory)

    assert languages.best(["nl"]).say(waiting) == "Probeer het over 2 dagen opnieuw."
    assert languages.best(["en"]).say(waiting) == "Wait 2 days and try again."


@pytest.mark.parametrize(("number", "words"), [(0, "0 dagen"), (1, "1 dag"), (1_000, "1.000 dagen")])
def test_the_number_decides_the_form_and_is_written_as_the_language_writes_it(directory, number, words):
    dutch = languages_in(directory).best(["nl"])

    assert dutch.say(phrase_of("%(number)s day", "%(number)s days", number)) == words


@pytest.mark.parametrize(
    ("tag", "money", "day"),
    [
        ("en", "US$1,234.50", "5 March 2026"),
        ("en-US", "$1,234.50", "March 5, 2026"),
        ("nl", "US$\u00a01.234,50", "5 maart 2026"),
    ],
)
def test_amounts_and_days_are_written_by_locale(directory, tag, money, day):
    language = languages_in(directory).best([tag])

    assert language.write(Money(123_450, "USD")) == money
    assert language.write(datetime(2026, 3, 5, 23, 59, tzinfo=UTC)) == day
    assert language.write(Decimal("1.50")) == language.figures.quantity(Decimal("1.5"))


def test_a_region_says_differently_only_what_its_file_says(directory):
    belgian = languages_in(directory).best(["nl-BE"])

    assert belgian.say(phrase("Card declined")) == "Kaart niet aanvaard"
    assert belgian.say(phrase_of("%(number)s day", "%(number)s days", 1)) == "1 dag"


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [(["nl-1996", "en"], "nl"), (["xx", "nl-NL"], "nl"), (["xx"], "en"), (["EN-us"], "en-US")],
)
def test_the_first_language_that_there_is_is_chosen(directory, wanted, tag):
    assert languages_in(directory).best(wanted).tag == tag


def test_a_language_is_offered_once_and_a_region_that_has_words_of_its_own_beside_it(directory):
    known = languages_in(directory)
    assert [one.tag for one in known.offered] == ["en", "ar", "de", "tr", "nl", "nl-BE"]
    assert [known.offered_as(known.best([tag])).tag for tag in ("en-US", "nl-BE", "de-AT")] == ["en", "nl-BE", "de"]


def test_a_phrase_does_not_become_text_where_nobody_knows_who_reads_it():
    with pytest.raises(TypeError, match="put into words by a Language"):
        str(phrase("Plan"))


def test_a_template_says_the_phrases_that_it_prints_and_escapes_what_is_in_them(directory):
    dutch = languages_in(directory).best(["nl"])
    template = environment("billing_sdk.server.pages", dutch).from_string("{{ said }}|{{ _('Card declined') }}")

    shown = template.render(said=phrase("Wait %(time)s and try again.", time="<b>\u202e"))

    assert shown == "Probeer het over &lt;b&gt; opnieuw.|Kaart geweigerd"


def test_readers_of_english_get_the_facts_of_an_error_and_others_its_translated_title(directory):
    english, dutch = (languages_in(directory).best([tag]) for tag in ("en", "nl"))
    error = CardDeclined("the bank has refused card 4242")

    assert english.say(told(error)) == f"The bank has refused card 4242. {error.remedy}"
    assert dutch.say(told(error)) == f"Kaart geweigerd. {error.remedy}"
    assert dutch.say(title_of(error)) == "Kaart geweigerd"
    assert dutch.say(remedy_of(NotFound("no", remedy="Look elsewhere."))) == REMEDIES["not_found"].message
    assert detail_of(NotFound(NotFound.title)) is None
    assert dutch.say(detail_of(error)) == ""


@pytest.mark.parametrize("tag", ["ar", "de", "tr"])
@pytest.mark.parametrize("error", [NotFound, Forbidden, Unauthenticated])
def test_people_are_told_in_their_language_what_they_can_do_and_never_what_a_program_can(tag, error):
    language = languages_in().best([tag])

    said = {language.say(remedy_of(error("no", remedy=remedy))) for remedy in ("Choose one from the list.", "Other.")}

    assert said == {language.say(phrase("Choose one from the list.")), language.say(REMEDIES[error.code])}


def test_what_the_portal_says_to_do_is_translated():
    portal = Path(str(billing_sdk.server.pages.__file__)).parent / "portal"
    said = {
        node.value.value
        for path in portal.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "remedy" and isinstance(node.value, ast.Constant)
    }

    assert len(said) > 5
    assert said <= SAID_TO_PEOPLE.keys()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("nl.po", DUTCH.replace("over %(time)s", "over %(tijd)s"), "values of 'Probeer het over %\\(tijd\\)s"),
        ("nl.po", DUTCH.replace("over %(time)s", "100% over %(time)s"), "values of 'Probeer het 100%"),
        ("nl.po", DUTCH.replace("plural=(n != 1)", "plural=(n != 1"), "nl.po can't be read"),
        ("klingonese.po", DUTCH, "klingonese.po can't be read"),
    ],
)
def test_a_catalogue_that_pages_could_not_be_shown_with_is_refused_at_the_start(tmp_path, name, content, why):
    tmp_path.joinpath(name).write_text(content)

    with pytest.raises(InvalidSetting, match=why):
        languages_in(str(tmp_path))


def test_a_directory_that_is_not_there_is_told_of(tmp_path):
    with pytest.raises(InvalidSetting, match="there is no directory"):
        languages_in(str(tmp_path / "nowhere"))


def test_an_amount_in_a_sentence_from_the_right_turns_nothing_around_it():
    each = phrase("%(amount)s for each %(unit)s", amount=Exact(Decimal("0.02"), "USD"), unit="token")
    nested = phrase("above %(start)s: %(price)s", start=Decimal(5), price=each)
    arabic, english = (environment("billing_sdk.server.pages", languages_in().best([tag])) for tag in ("ar", "en"))
    shown = arabic.from_string("{{ line | apart }}").render(line=nested)
    assert (shown.count('<bdi dir="ltr">'), shown.count("<bdi>token</bdi>"), shown.count("</bdi>")) == (3, 1, 5)
    assert english.from_string("{{ line | apart }}").render(line=nested) == "above 5: US$0.0002 for each token"


def test_a_price_on_a_card_has_the_direction_of_its_language():
    line = phrase("%(amount)s for each %(unit)s", amount=Exact(Decimal("0.02"), "USD"), unit="token")
    arabic = environment("billing_sdk.server.pages", languages_in().best(["ar"]))
    module = arabic.get_template("parts/pricing.html").module
    assert '<li><bdi dir="rtl"><bdi dir="ltr">' in module.usage_prices({"usage_prices": [line]})
