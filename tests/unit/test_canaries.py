"""The scan of what tests write finds secrets, and nothing else."""

from __future__ import annotations

import logging

import pytest

from tests.canaries import LogKeeper, find_secrets, watch

pytestmark = pytest.mark.attack(196)

PADDING = "A" * 43


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("a JSON Web Token", f"got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJrcF8xIn0.{PADDING}"),
        ("a bearer token", f"'Authorization': 'Bearer {PADDING}'"),
        ("a bearer token", f"authorization: basic {PADDING}=="),
        ("a private key", "-----BEGIN PRIVATE KEY-----"),
        ("a private key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("a key of Stripe", f"sk_test_{PADDING}"),
        ("what Stripe signs events with", f"whsec_{PADDING}"),
        ("a token of the Konnect door", f"x-token: kpat_{PADDING}"),
        ("a sealing key", f"BILLING_SERVER_SEALING_KEYS=2026-11:{PADDING}"),
        ("a card number", "card 4242424242424242 refused"),
    ],
)
def test_a_secret_is_found_by_its_shape(kind, text):
    assert kind in find_secrets(text)


def test_a_secret_is_found_by_its_value_wherever_it_stands():
    watch(example_secret="zx81-spectrum-canary")
    assert find_secrets('{"form": "secret=zx81-spectrum-canary&a=b"}') == {"example_secret"}
    assert find_secrets("the code is 12345678", code="12345678") == {"code"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer ***",
        "the request carries no bearer token",
        "req_0193a1b2c3d4e5f60718293a4b5c6d7e8f90 took 4242 ms",
        "agreement_0193a1b2c3d4e5f60718293a4b5c6d7e8f90 4111111111111112",
        "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "http://127.0.0.1:9000/.well-known/openid-configuration",
    ],
)
def test_what_is_no_secret_is_let_pass(text):
    assert find_secrets(text) == set()


def test_a_log_is_kept_with_its_tracebacks():
    keeper, logger = LogKeeper(), logging.getLogger("billing_sdk.test")
    logger.addHandler(keeper)
    try:
        raise ValueError(f"token {PADDING}")  # noqa: TRY301 - to be logged
    except ValueError:
        logger.exception("failed")
    logger.removeHandler(keeper)
    assert PADDING in keeper.lines[0]
