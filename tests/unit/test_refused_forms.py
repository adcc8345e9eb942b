"""What a form says about a value that a use case refuses, in the languages of the pages."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.pages.forms import OTHERWISE, WORDS, Form
from billing_sdk.server.words import languages_in

DETAIL = "the value is wrong in a way of its own"


@pytest.mark.parametrize("name", [*WORDS, *OTHERWISE])
def test_a_refusal_says_beside_the_field_what_to_enter_whatever_the_language(name):
    form = Form({name: "x"}).refused(InvalidRequest(DETAIL, parameter=name))
    said = {tag: languages_in().best([tag]).say(form.errors[name]) for tag in ("en", "de", "tr", "ar")}
    assert len(set(said.values())) == 4
    assert not any(DETAIL in said[tag] for tag in ("de", "tr", "ar"))


@pytest.mark.parametrize("name", list(OTHERWISE))
def test_english_keeps_a_reason_that_says_more(name):
    form = Form({name: "x"}).refused(InvalidRequest(DETAIL, parameter=name))
    assert DETAIL in languages_in().best(["en"]).say(form.errors[name]).lower()
