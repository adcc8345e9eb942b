"""What things are found by: neither case nor accents nor points matter, and no character has a meaning of its own."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.search import EXACT_RANK, NAME_RANK, PART_RANK, asked_words, folded, terms_for


@pytest.mark.parametrize(
    ("written", "found_by"),
    [
        ("Çağla", "cagla"),
        ("İLKER", "ilker"),
        ("ilker", "ILKER"),
        ("I\u015f\u0131k", "isik"),
        ("ISIK", "\u0131\u015f\u0131k"),
        ("Straße", "STRASSE"),
        ("Łukasz Ørsted", "lukasz orsted"),
        ("Émile", "emile"),
        ("\ufb01nance", "finance"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_case_accents_and_points_do_not_matter(written, found_by):
    assert folded(written) == folded(found_by)


def test_characters_that_nobody_sees_are_left_out():
    assert folded("a\u202eb\u200bc\x00d") == "abcd"


def test_a_person_is_found_by_each_word_of_the_name_and_by_the_parts_of_the_address():
    terms = terms_for(names=["Mary-Ann O'Brien"], emails=["mary.ann+billing@Example.com"])
    assert terms["mary.ann+billing@example.com"] == EXACT_RANK
    named = {word for word, rank in terms.items() if rank == NAME_RANK}
    assert named == {"mary-ann", "maryann", "mary", "ann", "o'brien", "obrien", "o", "brien"}
    assert {word for word, rank in terms.items() if rank == PART_RANK} == {
        "example.com",
        "mary.ann+billing",
        "maryannbilling",
        "billing",
    }


def test_a_key_is_found_as_a_whole_and_by_its_parts():
    terms = terms_for(keys=["pro_monthly", None], names=["Pro"])
    assert terms == {"pro_monthly": EXACT_RANK, "pro": NAME_RANK, "promonthly": PART_RANK, "monthly": PART_RANK}


def test_the_longest_word_that_is_asked_for_comes_first_and_marks_alone_ask_for_nothing():
    assert asked_words("  Ada LOVELACE ") == ("lovelace", "ada")
    assert asked_words("% _ ' -- ;") == ()
    assert len(asked_words(" ".join(f"word{number}" for number in range(50)))) == 6


def test_terms_are_bounded_however_long_a_name_is():
    terms = terms_for(names=[" ".join(f"{number}" for number in range(1_000)), "x" * 10_000])
    assert len(terms) == 40
    assert max(map(len, terms)) <= 120
