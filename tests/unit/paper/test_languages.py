"""The words of each language: all of them, with room for what goes into them."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, get_args

import pytest

from billing_sdk.server.domain.invoicing import InvoiceStatus
from billing_sdk.server.paper import LANGUAGES, language_for
from billing_sdk.server.paper.compose import SECTIONS

ENGLISH: dict[str, Any] = asdict(LANGUAGES["en"])
PLACE = re.compile(r"\{[a-z]+\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_with_the_same_places_as_in_english(language: str) -> None:
    words = asdict(LANGUAGES[language])
    texts = {name: text for name, text in words.items() if isinstance(text, str)}
    assert all(texts.values())
    assert {name: sorted(PLACE.findall(text)) for name, text in texts.items()} == {
        name: sorted(PLACE.findall(text)) for name, text in ENGLISH.items() if isinstance(text, str)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_and_every_section_has_a_name(language: str) -> None:
    words = LANGUAGES[language]
    assert set(words.statuses) == set(get_args(InvoiceStatus))
    assert set(words.sections) == set(SECTIONS)
    assert all((*words.statuses.values(), *words.sections.values()))


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("de-AT",), "de"),
        (("nl", "fr-CA"), "fr"),
        ((None, "", "AR-kw"), "ar"),
        (("x-klingon", "zz"), "en"),
        ((), "en"),
        (("../../etc/passwd",), "en"),
    ],
)
def test_the_first_language_that_there_is_counts(wanted: tuple[str | None, ...], language: str) -> None:
    assert language_for(wanted) == language
