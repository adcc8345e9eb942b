"""A billing run that is killed anywhere and begun again ends with the books of one that was left alone."""

from __future__ import annotations

import random

import pytest

from tests.killed.runs import Place, books, copy_of, differences, go_on, new_place, run, run_beside, run_killed

# A few here; `python -m soak killed_runs` kills at fifty and more.
POINTS = 6


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return new_place(tmp_path_factory.mktemp("populated"))


def test_a_run_that_is_killed_anywhere_and_begun_again_ends_with_the_same_books(populated, tmp_path):
    left_alone = copy_of(populated, tmp_path / "left_alone")
    statements = run(left_alone)
    expected = books(left_alone)
    numbers = expected["numbers"]
    assert numbers == [f"INV-{number:06d}" for number in range(1, len(numbers) + 1)]

    for kill_at in random.Random(7).sample(range(1, statements), POINTS):
        killed = copy_of(populated, tmp_path / f"killed_at_{kill_at}")
        run_killed(killed, kill_at=kill_at)
        go_on(killed)

        assert differences(books(killed), expected) == [], f"killed before statement {kill_at} of {statements}"


def test_two_workers_come_to_the_books_of_one(populated, tmp_path, caplog):
    alone, beside = copy_of(populated, tmp_path / "alone"), copy_of(populated, tmp_path / "beside")
    run(alone)
    assert "one by one" not in caplog.text

    run_beside(beside, workers=2)
    go_on(beside)

    assert differences(books(beside), books(alone)) == []
