"""Whatever a provider, a browser or a store hands over: it is read, or refused with an error of ours."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from billing_sdk import Profile, SignInTransaction, TokenSet
from billing_sdk.auth.callback import Callback
from billing_sdk.auth.discovery import Metadata
from billing_sdk.auth.options import encode_options
from billing_sdk.auth.reauth import read_reauth_state
from billing_sdk.auth.sign_in import _with_parameters
from billing_sdk.errors import BillingError, InvalidRequest, SignInError, StateMismatch, UnsafeAnswer
from billing_sdk.models import read_problem
from tests.unit.sdk.kit import ISSUER, METADATA, NOW, token_response

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["\ud800", "\x00", "x" * 20_000, "a\r\nb", ISSUER, "Bearer", "2026-11-21T12:00:00Z", "S256"]),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([-1, 0, 2**53, 2**70, 10**30]),
        st.floats(),
        TEXTS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
# A busy machine is no reason to fail.
FEW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def bent(document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a document with some of its members replaced or dropped, or another value altogether."""
    changes = st.dictionaries(st.sampled_from(sorted(document)), VALUES, max_size=3)
    dropped = st.sets(st.sampled_from(sorted(document)), max_size=2)
    changed = st.builds(
        lambda new, gone: {k: v for k, v in {**document, **new}.items() if k not in gone}, changes, dropped
    )
    return st.one_of(changed, VALUES)


@pytest.mark.attack(47)
@FEW
@given(bent(token_response(id_token="i", refresh_token="r", scope="openid")))
def test_a_token_response_is_read_or_refused(document: Any) -> None:
    with suppress(UnsafeAnswer):
        tokens = TokenSet.read(document, at=NOW)
        assert timedelta(0) < tokens.expires_at - NOW <= timedelta(days=366)
        assert 0 < len(tokens.access_token) <= 16_384


@pytest.mark.attack(1, 26)
@FEW
@given(bent(SignInTransaction.begin(redirect_uri="https://a.example", issuer=ISSUER, at=NOW, return_to="/x").write()))
def test_a_kept_sign_in_is_read_or_refused(document: Any) -> None:
    if isinstance(document, dict):
        with suppress(StateMismatch):
            found = SignInTransaction.read(document)
            assert found.state
            assert found.verifier


@FEW
@given(bent(TokenSet("a", NOW, "i", "r", "openid").write()))
def test_kept_tokens_are_read_or_refused(document: Any) -> None:
    with suppress(UnsafeAnswer):
        assert TokenSet.restore(document).access_token


@pytest.mark.attack(3, 8)
@FEW
@given(bent(METADATA))
def test_metadata_is_read_or_refused(document: Any) -> None:
    with suppress(BillingError):
        found = Metadata.read(document, issuer=ISSUER)
        assert found.issuer == ISSUER
        for endpoint in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            assert endpoint.startswith(f"{ISSUER}/")


@pytest.mark.attack(29)
@FEW
@given(bent({"sub": "kp_1", "email": "a@b.example", "email_verified": True, "name": "Ada", "picture": "x"}))
def test_a_profile_is_read_or_refused(document: Any) -> None:
    with suppress(UnsafeAnswer):
        assert Profile.read(document).sub


@pytest.mark.attack(30)
@FEW
@given(bent({"error": "invalid_grant", "error_description": "used", "code": "x", "detail": "y", "errors": []}))
def test_a_refusal_of_any_shape_becomes_an_error_of_ours(document: Any) -> None:
    error = read_problem(document, status=400, request_id=None)
    assert isinstance(error, BillingError)
    assert len(error.detail) <= 512


@pytest.mark.attack(25, 26, 28, 30, 31)
@FEW
@given(st.one_of(TEXTS, st.dictionaries(TEXTS, st.one_of(TEXTS, st.lists(TEXTS, max_size=2)), max_size=4)))
def test_a_callback_is_never_taken_without_the_state(query: Any) -> None:
    started = SignInTransaction.begin(redirect_uri="https://a.example", issuer=ISSUER, at=NOW)
    with pytest.raises(SignInError):
        Callback.read(query).code(started, issuer=ISSUER, needs_issuer=False)


@pytest.mark.attack(34)
@FEW
@given(st.one_of(TEXTS, VALUES.map(lambda value: base64.b64encode(json.dumps(value).encode()).decode())))
def test_a_wish_that_somebody_else_wrote_is_read_or_refused(text: str) -> None:
    with suppress(InvalidRequest):
        taken = read_reauth_state(text)
        assert not {"redirect_uri", "scopes", "extra", "return_to", "audience", "state"} & taken.keys()


@pytest.mark.attack(4, 5)
@FEW
@given(
    st.dictionaries(st.sampled_from(["plan_interest", "org_code", "login_hint", "lang", "prompt"]), TEXTS, max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)
def test_options_become_clean_parameters_or_are_refused(options: Any, extra: Any) -> None:
    with suppress(InvalidRequest):
        url = _with_parameters(f"{ISSUER}/oauth2/auth", encode_options({**options, "extra": extra}))
        assert url.isascii()
        assert url.isprintable()
        assert not set(" \"'<>\\#").intersection(url)
