"""The error catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from billing_sdk import errors
from scripts.errors_page import render

ALL = list(errors.catalogue())


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.__name__)
def test_every_class_has_its_own_code_a_title_a_remedy_and_a_sentence(found: type[errors.BillingError]) -> None:
    assert [other for other in ALL if other.code == found.code] == [found]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", found.code)
    assert 400 <= found.status <= 599
    assert found.title
    assert found.default_remedy.endswith(".")
    assert found.__doc__


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.__name__)
def test_a_code_leads_back_to_its_class(found: type[errors.BillingError]) -> None:
    assert errors.for_code(found.code) is found


def test_an_unknown_code_becomes_an_api_error() -> None:
    assert errors.for_code("invented_tomorrow") is errors.APIError


def test_a_problem_document_says_what_is_wrong_and_what_to_do_next() -> None:
    problem = errors.UnknownPlan("there is no plan 'gold'", plan="gold").problem()
    assert problem == {
        "type": errors.DOCS_URL + "#unknown_plan",
        "title": "Unknown plan",
        "status": 404,
        "code": "unknown_plan",
        "detail": "there is no plan 'gold'",
        "remedy": "Check the plan key; only published plans can be chosen.",
        "plan": "gold",
    }


def test_a_fact_can_not_replace_a_member_of_the_problem_document() -> None:
    assert errors.NotFound("gone", status=200).problem()["status"] == 404


def test_a_missing_setting_is_named_with_its_variable() -> None:
    error = errors.MissingSetting("client_id", "BILLING_CLIENT_ID")
    assert "BILLING_CLIENT_ID" in str(error)
    assert "client_id" in str(error)


def test_the_page_of_errors_matches_the_catalogue() -> None:
    page = Path(__file__).parents[2] / "docs" / "errors.md"
    assert page.read_text() == render(), "run: python scripts/errors_page.py"
