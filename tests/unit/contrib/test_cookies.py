"""A cookie carries a signed random id and nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from billing_sdk.contrib._cookies import Cookie, key_of

SECRET = "a secret of this test, long enough"


def cookie(origin: str = "https://app.example", *, purpose: str = "session", secret: str = SECRET) -> Cookie:
    return Cookie(purpose, secret=secret, origin=urlsplit(origin), seconds=60)


def value_of(header: str) -> str:
    return header.partition("=")[2].partition(";")[0]


@pytest.mark.attack(1, 36)
def test_a_cookie_on_https_can_be_planted_by_nobody_and_read_by_no_script() -> None:
    _, header = cookie().issue()
    assert header.startswith("__Host-billing_session=")
    assert header.split("; ")[1:] == ["Path=/", "Max-Age=60", "HttpOnly", "SameSite=Lax", "Secure"]


def test_applications_on_ports_of_one_loopback_host_keep_their_cookies_apart() -> None:
    assert cookie("http://127.0.0.1:5000").name == "billing_session_5000"
    assert cookie("http://127.0.0.1:8000").name == "billing_session_8000"
    assert "Secure" not in cookie("http://127.0.0.1:5000").issue()[1]


def test_what_was_issued_is_found_again_under_the_same_key() -> None:
    key, header = cookie().issue()
    assert cookie().key(value_of(header)) == key
    assert cookie().keep(value_of(header)) == header


@pytest.mark.attack(1)
def test_no_two_ids_are_alike_and_none_is_its_own_key() -> None:
    issued = [cookie().issue() for _ in range(1_000)]
    assert len({key for key, _ in issued}) == 1_000
    assert not any(key in header for key, header in issued)


@pytest.mark.attack(36)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: "",
        lambda value: value[:-1],
        lambda value: f"{value}x",
        lambda value: value.replace(".", ""),
        lambda value: f"A{value[1:]}" if value[0] != "A" else f"B{value[1:]}",
        lambda value: value.partition(".")[0],
        lambda value: "x" * 5_000,
        lambda value: "caf\xe9." + value.partition(".")[2],
    ],
)
def test_a_changed_cookie_is_no_cookie(spoil: object) -> None:
    assert callable(spoil)
    _, header = cookie().issue()
    assert cookie().key(spoil(value_of(header))) is None


@pytest.mark.attack(36)
def test_a_cookie_of_another_purpose_or_secret_is_no_cookie() -> None:
    _, header = cookie(purpose="sign_in").issue()
    assert cookie().key(value_of(header)) is None
    assert cookie(purpose="sign_in", secret="another secret of this test").key(value_of(header)) is None


def test_a_cookie_is_taken_back_by_an_empty_one_that_ends_at_once() -> None:
    assert cookie().clear() == "__Host-billing_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"


def test_a_key_is_the_hash_of_its_secret() -> None:
    assert key_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.attack(36)
@pytest.mark.parametrize("padding", ["", f"; other={'x' * 5_000}"], ids=["usual", "long"])
def test_a_header_names_what_its_one_cookie_names_however_often_it_is_read(padding: str) -> None:
    ours = cookie()
    key, header = ours.issue()
    sent = f"{header.partition(';')[0]}{padding}"
    assert [ours.key_in(sent), ours.key_in(sent), cookie().key_in(sent)] == [key] * 3
    assert ours.key_in(f"{sent}; {sent}") is None
    assert cookie(secret="another secret of this test").key_in(sent) is None
