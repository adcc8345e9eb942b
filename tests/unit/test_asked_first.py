"""What can't be undone is asked first, wherever a page offers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing_sdk.server import pages

TEMPLATES = Path(pages.__file__).parent / "templates"


@pytest.mark.parametrize(
    "place", ["/delete", "/revoke", "/secret", "/void", "/write-off", "/discard", "/decide", "/remove"]
)
def test_what_cant_be_undone_is_sent_by_no_form_that_does_not_ask(place: str) -> None:
    lines = [line for path in TEMPLATES.rglob("*.html") for line in path.read_text().splitlines()]
    offered = [line for line in lines if f'{place}"' in line]
    assert offered
    assert [line for line in offered if "confirm(" not in line] == []
