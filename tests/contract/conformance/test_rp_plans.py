"""The relying-party plans of the OpenID certification, re-enacted under the names of their modules.

The suite itself needs a network and Java; each module here asks for what the module of that name asks for, of both
colours of the client and over a socket: the Basic plan (14), the Config plan (6), and the refresh modules (3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing_sdk import SignedIn
from billing_sdk.errors import BillingError, InvalidToken, IssuerMismatch, UnknownKey
from tests.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, hostile_provider
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import NOW, OTHER_KEY

NAMES = """
basic/oidcc-client-test
basic/oidcc-client-test-invalid-iss
basic/oidcc-client-test-missing-sub
basic/oidcc-client-test-invalid-aud
basic/oidcc-client-test-missing-iat
basic/oidcc-client-test-kid-absent-single-jwks
basic/oidcc-client-test-kid-absent-multiple-jwks
basic/oidcc-client-test-idtoken-sig-rs256
basic/oidcc-client-test-idtoken-sig-none
basic/oidcc-client-test-invalid-sig-rs256
basic/oidcc-client-test-userinfo-invalid-sub
basic/oidcc-client-test-nonce-invalid
basic/oidcc-client-test-scope-userinfo-claims
basic/oidcc-client-test-client-secret-basic
config/oidcc-client-test-discovery-openid-config
config/oidcc-client-test-discovery-jwks-uri-keys
config/oidcc-client-test-discovery-issuer-mismatch
config/oidcc-client-test-idtoken-sig-none
config/oidcc-client-test-signing-key-rotation-just-before-signing
config/oidcc-client-test-signing-key-rotation
refresh/oidcc-client-test-refresh-token
refresh/oidcc-client-test-refresh-token-invalid-issuer
refresh/oidcc-client-test-refresh-token-invalid-sub
""".split()


class RelyingParty:
    """An application that signs Ada in with the client under test."""

    def __init__(self, provider: HostileProvider, driver: Driver) -> None:
        self.provider = provider
        self.driver = driver

    def sign_in(self, *, between: Callable[[], None] = lambda: None, **options: Any) -> SignedIn:
        """Send Ada there and take her back; something may happen in between."""
        start = self.driver.run(lambda c: c.login.login_url(**options))
        back = self.provider.visit(str(start))
        between()
        found: SignedIn = self.driver.run(lambda c: c.login.callback(back, start.transaction))
        return found

    def refuses(self, fault: str, *more: str, error: type[BillingError] = InvalidToken) -> None:
        """Expect that nobody is signed in while the provider has a fault, and somebody is once it has none."""
        self.provider.reset(fault, *more)
        with pytest.raises(error):
            self.sign_in()
        self.provider.reset()
        assert self.sign_in().user.sub == "kp_ada"


Module = Callable[[RelyingParty], None]
MODULES: dict[str, Module] = {}


def module(*names: str) -> Callable[[Module], Module]:
    """Let a function re-enact the modules of these names."""

    def add(function: Module) -> Module:
        MODULES.update(dict.fromkeys(names, function))
        return function

    return add


@module("basic/oidcc-client-test")
def a_sign_in_and_a_profile(rp: RelyingParty) -> None:
    signed_in = rp.sign_in()
    assert rp.driver.run(lambda c: c.login.profile(signed_in.tokens)).sub == signed_in.user.sub == "kp_ada"


@module("basic/oidcc-client-test-invalid-iss")
def an_id_token_of_another_issuer_is_refused(rp: RelyingParty) -> None:
    rp.refuses("id-token-issuer")


@module("basic/oidcc-client-test-missing-sub")
def an_id_token_about_nobody_is_refused(rp: RelyingParty) -> None:
    rp.refuses("id-token-without-sub")


@module("basic/oidcc-client-test-invalid-aud")
def an_id_token_for_another_application_is_refused(rp: RelyingParty) -> None:
    rp.refuses("id-token-audience")


@module("basic/oidcc-client-test-missing-iat")
def an_id_token_without_a_date_is_refused(rp: RelyingParty) -> None:
    rp.refuses("id-token-without-iat")


@module("basic/oidcc-client-test-kid-absent-single-jwks")
def a_key_need_not_be_named_where_there_is_one(rp: RelyingParty) -> None:
    rp.provider.reset("id-token-without-kid")
    assert rp.sign_in().user.sub == "kp_ada"


@module("basic/oidcc-client-test-kid-absent-multiple-jwks")
def a_key_is_not_guessed_where_there_are_two(rp: RelyingParty) -> None:
    rp.provider.reset("id-token-without-kid", "another-key-published")
    with pytest.raises(UnknownKey):
        rp.sign_in()


@module("basic/oidcc-client-test-idtoken-sig-rs256")
def an_id_token_signed_with_rs256_is_taken(rp: RelyingParty) -> None:
    assert rp.provider.key.alg == "RS256"
    assert rp.sign_in().user.email == "ada@example.com"


@module("basic/oidcc-client-test-idtoken-sig-none", "config/oidcc-client-test-idtoken-sig-none")
def an_unsigned_id_token_is_refused(rp: RelyingParty) -> None:
    # A client may take one over TLS or refuse it; this one never takes it.
    rp.refuses("id-token-unsigned")


@module("basic/oidcc-client-test-invalid-sig-rs256")
def an_id_token_with_a_wrong_signature_is_refused(rp: RelyingParty) -> None:
    rp.refuses("id-token-forged")


@module("basic/oidcc-client-test-userinfo-invalid-sub")
def a_profile_of_somebody_else_is_refused(rp: RelyingParty) -> None:
    rp.provider.reset("profile-of-another")
    signed_in = rp.sign_in()
    with pytest.raises(InvalidToken):
        rp.driver.run(lambda c: c.login.profile(signed_in.tokens))


@module("basic/oidcc-client-test-nonce-invalid")
def an_id_token_of_another_sign_in_is_refused(rp: RelyingParty) -> None:
    rp.refuses("id-token-nonce")


@module("basic/oidcc-client-test-scope-userinfo-claims")
def what_the_scopes_ask_for_comes_in_the_profile(rp: RelyingParty) -> None:
    signed_in = rp.sign_in(scopes=["openid", "profile", "email"])
    profile = rp.driver.run(lambda c: c.login.profile(signed_in.tokens))
    assert (profile.given_name, profile.email, profile.is_email_verified) == ("Ada", "ada@example.com", True)
    (sent,) = rp.provider.asked("/oauth2/v2/user_profile")
    assert sent.headers["authorization"] == f"Bearer {signed_in.tokens.access_token}"
    assert not sent.query


@module("basic/oidcc-client-test-client-secret-basic")
def the_secret_is_sent_in_the_header_where_only_that_is_taken(rp: RelyingParty) -> None:
    rp.provider.reset("secret-in-header-only")
    assert rp.sign_in().user.sub == "kp_ada"
    (sent,) = rp.provider.asked("/oauth2/token")
    assert sent.headers["authorization"].startswith("Basic ")
    assert not {"client_id", "client_secret"} & sent.form.keys()


@module("config/oidcc-client-test-discovery-openid-config")
def the_endpoints_come_from_the_metadata(rp: RelyingParty) -> None:
    start = rp.driver.run(lambda c: c.login.login_url())
    assert str(start).startswith(rp.provider.metadata()["authorization_endpoint"] + "?")
    assert [one.path for one in rp.provider.seen] == ["/.well-known/openid-configuration"]


@module("config/oidcc-client-test-discovery-jwks-uri-keys")
def the_keys_come_from_where_the_metadata_says(rp: RelyingParty) -> None:
    rp.sign_in()
    assert len(rp.provider.asked("/.well-known/jwks")) == 1


@module("config/oidcc-client-test-discovery-issuer-mismatch")
def metadata_of_another_issuer_is_refused(rp: RelyingParty) -> None:
    rp.refuses("discovery-issuer", error=IssuerMismatch)


@module("config/oidcc-client-test-signing-key-rotation-just-before-signing")
def a_key_that_is_new_when_the_token_comes_is_fetched(rp: RelyingParty) -> None:
    rp.sign_in()

    def rotate() -> None:
        rp.provider.key = OTHER_KEY

    assert rp.sign_in(between=rotate).user.sub == "kp_ada"
    assert len(rp.provider.asked("/.well-known/jwks")) == 2


@module("config/oidcc-client-test-signing-key-rotation")
def a_key_that_was_changed_between_two_sign_ins_is_fetched(rp: RelyingParty) -> None:
    rp.sign_in()
    rp.provider.key = OTHER_KEY
    assert rp.sign_in().user.sub == "kp_ada"
    assert len(rp.provider.asked("/.well-known/jwks")) == 2


@module("refresh/oidcc-client-test-refresh-token")
def tokens_are_renewed(rp: RelyingParty) -> None:
    signed_in = rp.sign_in()
    fresh = rp.driver.run(lambda c: c.login.refresh(signed_in.tokens))
    assert fresh.refresh_token != signed_in.tokens.refresh_token
    assert rp.driver.run(lambda c: c.login.profile(fresh)).sub == "kp_ada"


@module("refresh/oidcc-client-test-refresh-token-invalid-issuer")
def a_refreshed_id_token_of_another_issuer_is_refused(rp: RelyingParty) -> None:
    signed_in = rp.sign_in()
    rp.provider.faults = {"refreshed-issuer"}
    with pytest.raises(InvalidToken):
        rp.driver.run(lambda c: c.login.refresh(signed_in.tokens))


@module("refresh/oidcc-client-test-refresh-token-invalid-sub")
def a_refreshed_id_token_about_somebody_else_is_refused(rp: RelyingParty) -> None:
    signed_in = rp.sign_in()
    rp.provider.faults = {"refreshed-sub"}
    with pytest.raises(InvalidToken):
        rp.driver.run(lambda c: c.login.refresh(signed_in.tokens))


@pytest.fixture(scope="module")
def listening() -> Iterator[HostileProvider]:
    """A provider whose clock stands, so that nothing depends on how long a test takes."""
    with hostile_provider(now=NOW.timestamp) as provider:
        yield provider


@pytest.fixture(params=["sync", "async"])
def rp(request: pytest.FixtureRequest, listening: HostileProvider) -> Iterator[RelyingParty]:
    """An application with a new client of each colour."""
    listening.reset()
    driver = Driver(
        request.param, issuer=listening.base_url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, deadline_seconds=30
    )
    yield RelyingParty(listening, driver)
    driver.close()


@pytest.mark.attack(2, 8, 29, 45)
@pytest.mark.parametrize("name", NAMES)
def test_the_client_passes_the_module(name: str, rp: RelyingParty) -> None:
    MODULES[name](rp)


def test_exactly_the_23_modules_of_the_three_plans_are_re_enacted() -> None:
    assert sorted(MODULES) == sorted(NAMES)
    assert len(NAMES) == len(set(NAMES)) == 23
    assert [sum(name.startswith(plan) for name in NAMES) for plan in ("basic/", "config/", "refresh/")] == [14, 6, 3]
