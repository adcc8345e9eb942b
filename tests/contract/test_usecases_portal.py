"""One-time links into the portal, and the visits that they open: who gets in, once, and for how long."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_sdk.errors import LinkUsed, ReturnUrlNotAllowed
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.ids import digest_of
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.open_portal_link import find_portal_visit, open_portal_link
from tests.engines import advance, person
from tests.stored import rows_of

APPLICATION = Application(
    "app", "App", "web", redirect_uris=("https://app.example/callback", "com.example.app:/callback")
)
OPENS_AT_ONCE = 24

LEAD_ELSEWHERE = [
    "https://evil.example/",
    "https://app.example.evil.example/",
    "https://evilapp.example/",
    "https://app.example@evil.example/",
    "https://app.example:secret@evil.example/",
    "https://evil.example#@app.example/",
    "https://evil.example?@app.example/",
    "https://evil.example\\@app.example/",
    "https://evil.example/\\app.example",
    "https:/\\evil.example/",
    "https:evil.example",
    "///evil.example",
    "//evil.example/",
    "//app.example/",
    "/me",
    "me",
    "?a=b",
    "http://app.example/",
    "https://app.example:444/",
    "https://app.example:0/",
    "https://app.example:443x/",
    "https://app.example:99999/",
    "https://app.example\t.evil.example/",
    "https://app.example\n.evil.example/",
    "\x00https://app.example/",
    " https://app.example/",
    "https://app.example /",
    "https://[app.example/",
    "https://app。example.evil.example/",
    "https://\u0430pp.example/",
    "https://app%2eexample/",
    "https://app.example.:443/",
    "javascript:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "com.example.app:/callback",
    "com.evil.app:/callback",
    "https://app.example/" + "x" * 2_048,
]


def key_of(url):
    return url.partition("key=")[2]


def visit_of(engine, user_id):
    return open_portal_link(engine, key=key_of(create_portal_link(engine, user_id=user_id)))


@pytest.mark.attack(115)
def test_of_many_who_open_a_link_at_once_exactly_one_gets_in(engine, database_url):
    key = key_of(create_portal_link(engine, user_id=person(engine)))

    def open_it(_: int) -> str:
        try:
            return open_portal_link(engine, key=key).session_key
        except LinkUsed:
            return "refused"

    with ThreadPoolExecutor(OPENS_AT_ONCE) as pool:
        outcomes = list(pool.map(open_it, range(OPENS_AT_ONCE)))

    assert outcomes.count("refused") == OPENS_AT_ONCE - 1
    assert len(rows_of(database_url, "portal_visits")["portal_visits"]) == 1


@pytest.mark.attack(115)
def test_a_link_expires_after_five_minutes(engine):
    key = key_of(create_portal_link(engine, user_id=person(engine)))
    advance(engine, seconds=300)

    with pytest.raises(LinkUsed):
        open_portal_link(engine, key=key)


@pytest.mark.attack(115)
def test_what_is_stored_of_links_and_visits_opens_nothing(engine, database_url):
    user_id = person(engine)
    keys = [key_of(create_portal_link(engine, user_id=user_id)) for _ in range(2)]
    visit = open_portal_link(engine, key=keys[0])
    stored = str(rows_of(database_url))

    for key in (*keys, visit.session_key):
        assert len(key) >= 22  # 128 bits in base64
        assert key not in stored
    for digest in map(digest_of, keys):
        with pytest.raises(LinkUsed):
            open_portal_link(engine, key=digest)
    assert find_portal_visit(engine, session_key=digest_of(visit.session_key)) is None


@pytest.mark.attack(115)
def test_a_key_that_was_never_given_out_opens_nothing(engine):
    create_portal_link(engine, user_id=person(engine))
    for forged in ("", "x", "0" * 43, "é" * 43, "a" * 100_000, "' OR 1=1 --"):
        with pytest.raises(LinkUsed):
            open_portal_link(engine, key=forged)


@pytest.mark.attack(115)
def test_no_two_links_have_the_same_key(engine):
    user_id = person(engine)
    assert len({create_portal_link(engine, user_id=user_id) for _ in range(50)}) == 50


@pytest.mark.attack(116, 167)
def test_a_link_does_not_lead_back_to_where_no_application_is(engine, database_url):
    user_id = person(engine)
    with engine.begin() as tx:
        tx.applications.save(APPLICATION)

    def is_refused(url: str, application: Application | None) -> bool:
        try:
            create_portal_link(engine, user_id=user_id, application=application, return_url=url)
        except ReturnUrlNotAllowed:
            return True
        return False

    for application in (APPLICATION, None):
        assert [url for url in LEAD_ELSEWHERE if not is_refused(url, application)] == []
    assert rows_of(database_url, "portal_links")["portal_links"] == []
    for url in ("https://app.example/me?a=b#c", "HTTPS://APP.EXAMPLE:443/"):
        create_portal_link(engine, user_id=user_id, application=APPLICATION, return_url=url)


@pytest.mark.attack(120)
def test_a_visit_ends_when_it_is_not_used_for_half_an_hour(engine):
    key = visit_of(engine, person(engine)).session_key
    for _ in range(3):
        advance(engine, seconds=1_799)
        assert find_portal_visit(engine, session_key=key) is not None
    advance(engine, seconds=1_800)
    assert find_portal_visit(engine, session_key=key) is None


@pytest.mark.attack(120)
def test_a_visit_ends_after_eight_hours_however_it_is_used(engine):
    key = visit_of(engine, person(engine)).session_key
    for _ in range(23):
        advance(engine, seconds=1_200)
        assert find_portal_visit(engine, session_key=key) is not None
    advance(engine, seconds=1_200)
    assert find_portal_visit(engine, session_key=key) is None


@pytest.mark.attack(120)
def test_a_visit_that_is_revoked_while_it_is_used_stays_revoked(engine):
    user_id = person(engine)
    visit = visit_of(engine, user_id)
    with engine.begin() as tx:
        tx.portal_links.end_visits_of(user_id)
        tx.portal_links.prolong_visit(visit)

    assert find_portal_visit(engine, session_key=visit.session_key) is None
