"""A secret shows itself to whoever asks for it by name, and to nobody else."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from dataclasses import asdict, dataclass

import pytest

from billing_sdk import Client
from billing_sdk._config import Config
from billing_sdk._secret import Secret
from billing_sdk.server.settings import Settings
from billing_sdk.server.signing import SigningKey
from tests.engines import NOON

pytestmark = pytest.mark.attack(196)

TEXT = "the-text-of-the-secret"
SECRET = Secret(TEXT)


@dataclass
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>40}",
        f"{SECRET:>40}",
        "%s %r" % (SECRET, SECRET),  # noqa: UP031 - as logging formats
        "{} {!a}".format(SECRET, SECRET),  # noqa: UP032 - as libraries format
        repr([SECRET, {"key": SECRET}]),
        repr(Holder(SECRET)),
        repr(asdict(Holder(SECRET))),
        repr(copy.deepcopy([SECRET])),
        json.dumps({"secret": SECRET}, default=str),
        json.dumps({"secret": SECRET}, default=repr),
        repr(vars(Holder(SECRET))),
    ],
)
def test_whatever_shows_a_secret_shows_stars(shown):
    assert TEXT not in shown
    assert "***" in shown


def test_a_secret_is_neither_joined_nor_encoded_nor_pickled_by_accident():
    with pytest.raises(TypeError):
        "the secret is " + SECRET
    with pytest.raises(TypeError):
        json.dumps(SECRET)
    with pytest.raises(TypeError, match="not pickled") as refusal:
        pickle.dumps({"config": SECRET})
    assert TEXT not in str(refusal.value)


def test_a_logged_secret_is_stars(caplog):
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("somebody").warning("the secret is %s in %r", SECRET, [SECRET])
    assert TEXT not in caplog.text


@pytest.mark.attack(41)
def test_secrets_are_compared_as_wholes_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr("billing_sdk._secret.hmac.compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert compared == [(b"a", b"a"), (b"a", b"b")]
    assert Secret("a") != "a"
    assert Secret("\ud800") == Secret("\ud800")


def test_a_clients_settings_hold_secrets_and_show_none():
    config = Config(
        "https://acme.example", client_id="app", client_secret=TEXT, m2m_client_id="m", m2m_client_secret=TEXT
    )
    assert config.client_secret == Secret(TEXT)
    assert config.value("m2m_client_secret") == TEXT
    with Client(issuer="https://acme.example", client_id="app", client_secret=TEXT) as client:
        for shown in (repr(config), str(asdict(config)), repr(client), repr(vars(client))):
            assert TEXT not in shown


def test_an_empty_secret_counts_as_none():
    assert Config.load({"issuer": "https://a.example", "client_id": "app", "client_secret": ""}).client_secret is None


def test_a_servers_settings_and_keys_show_no_secret():
    settings = Settings("http://127.0.0.1:9000", "sqlite://", sealing_keys=Secret(TEXT))
    key = SigningKey.generate(NOON)
    assert TEXT not in repr(settings) + str(asdict(settings))
    assert "PRIVATE KEY" not in repr(key) + str(asdict(key))
