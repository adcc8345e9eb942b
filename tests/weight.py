"""What a page weighs: its HTML, and all that a browser loads with it, as it comes from the server."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

from tests.in_process import InProcess

# What a page may weigh with its style sheets, scripts, pictures and letters.
MOST_BYTES = 150_000
LOADED = {"link": "href", "script": "src", "img": "src"}


class _Loaded(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        url = found.get(LOADED.get(tag, ""))
        if url is not None and url.startswith("/") and found.get("rel") not in ("alternate", "canonical"):
            self.urls.add(url)


def weight_of(client: InProcess, url: str, cookies: Mapping[str, str]) -> int:
    """Return how many bytes a browser loads for a page."""
    page = client.get(url, cookies=cookies, headers={"Accept": "text/html"})
    assert page.status_code == 200, url
    loaded = _Loaded()
    loaded.feed(page.text)
    files = [client.get(one, cookies=cookies) for one in loaded.urls]
    assert all(file.status_code == 200 for file in files), loaded.urls
    return len(page.content) + sum(len(file.content) for file in files)
