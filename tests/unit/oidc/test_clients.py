"""A client's secret is compared as a digest, in a time that tells nothing of it."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

import pytest
from authlib.oauth2.rfc6749 import InvalidClientError

from billing_sdk.server.domain.identity import Application
from billing_sdk.server.ids import digest_of
from billing_sdk.server.oidc import clients
from billing_sdk.server.oidc.clients import authenticate_client
from billing_sdk.server.usecases.engine import Engine
from tests.engines import engine_on

SECRET = "the one secret of this application"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One engine in memory, with an application; nothing here changes it."""
    with engine_on("sqlite://") as opened:
        with opened.begin() as tx:
            tx.applications.save(Application("app", "App", "web"), secret_digest=digest_of(SECRET))
        yield opened


def prove(engine: Engine, secret: str) -> None:
    form = {"client_id": "app", "client_secret": secret}
    authenticate_client(engine, headers={}, form=form, methods=("client_secret_post",))


@pytest.mark.attack(41)
def test_secrets_are_compared_as_digests_in_constant_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    real = hmac.compare_digest

    def watch(stored: str, sent: str) -> bool:
        compared.append((stored, sent))
        return real(stored, sent)

    monkeypatch.setattr(clients.hmac, "compare_digest", watch)
    prove(engine, SECRET)
    for wrong in ("", SECRET[:-1], SECRET[:-1] + "#", SECRET.upper()):
        with pytest.raises(InvalidClientError):
            prove(engine, wrong)
    assert len(compared) == 5
    assert {len(digest) for pair in compared for digest in pair} == {64}
