"""Names on the dashboard that want to be more than text: they change no element of any page, and hide nothing."""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest

from tests.contract.pages.renaming import rename_everything
from tests.contract.pages.test_pages_hostile_names import BIDI_AND_INVISIBLE, HIDING, MARKUP, PLAIN, Structure
from tests.in_process import InProcess, in_process
from tests.pages import DASHBOARD
from tests.world import World, world

# Own pages and sent mail are documents of somebody's own, which are shown as they were written.
DOCUMENTS = ("own-page", "mail", "brand-preview", "pricing-table-preview")
SHOWN = [page for page in DASHBOARD if page.reader == "operator" and not page.name.startswith(DOCUMENTS)]


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('names') / 'billing.db'}"


@pytest.fixture(scope="module")
def app(database_url: str) -> Iterator[InProcess]:
    with in_process(database_url, "http://127.0.0.1:3000") as running:
        yield running


@pytest.fixture(scope="module")
def there(app: InProcess) -> World:
    return world(app.engine)


def shown(app: InProcess, there: World) -> dict[str, str]:
    found = {}
    for page in SHOWN:
        address = page.url(there)
        answer = app.get(address, headers={"Accept": "text/html"}, cookies=there.cookies["operator"])
        assert answer.status_code == 200, address
        found[page.name] = answer.text
    return found


@pytest.mark.attack(161, 174)
def test_no_name_becomes_an_element_of_the_dashboard_or_a_template(app, there, database_url):
    rename_everything(database_url, PLAIN)
    plain = shown(app, there)
    rename_everything(database_url, MARKUP)
    hostile = shown(app, there)
    for name, page in hostile.items():
        assert Structure(page).elements == Structure(plain[name]).elements, name
        assert "<evil" not in page, name
    printed = [name for name, page in hostile.items() if "{{ 7*7 }}{% raw %}${7*7}" in html.unescape(page)]
    assert len(printed) > 30


@pytest.mark.attack(170)
def test_no_name_hides_or_turns_around_a_word_of_the_dashboard(app, there, database_url):
    rename_everything(database_url, HIDING)
    for name, page in shown(app, there).items():
        assert not BIDI_AND_INVISIBLE & set(html.unescape(page)), name
