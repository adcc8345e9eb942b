"""The authorization code grant: a code for who has signed in, and tokens for the code.

Source: RFC 6749, section 4.1; RFC 7636 (PKCE); RFC 9700, section 2.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode

from billing_sdk.server.domain.identity import User
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.oidc.clients import Client
from billing_sdk.server.oidc.issuing import issue_access_token, keep_family, new_refresh_token, sign_id_token
from billing_sdk.server.oidc.people import find_signed_in
from billing_sdk.server.oidc.provider import Provider, ProviderRequest
from billing_sdk.server.oidc.requested_claims import read_requested_claims
from billing_sdk.server.storage.tokens import AuthorizationCode, TokenFamily

AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636, section 4.1
REFRESHING_SCOPE = "offline"


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A code that was just spent, with the questions that Authlib has."""

    code: AuthorizationCode

    @property
    def code_challenge(self) -> str | None:
        """The challenge that the verifier has to answer."""
        return self.code.code_challenge

    @property
    def code_challenge_method(self) -> str:
        """How; there is only one way."""
        return "S256"

    def get_redirect_uri(self) -> str:
        """Return the address that the code was sent to."""
        return self.code.redirect_uri

    def get_scope(self) -> str:
        """Return what was granted."""
        return self.code.family.scope


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib is untyped
    """Issues codes, and exchanges each of them once."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    request: ProviderRequest

    def generate_authorization_code(self) -> str:
        """Return 256 random bits."""
        return new_secret()

    def save_authorization_code(self, code: str, request: ProviderRequest) -> None:
        """Keep the digest of a code together with all that it is bound to."""
        engine, visitor, fields = self.server.engine, request.visitor, request.payload.data
        if visitor is None:
            raise AccessDeniedError("nobody has signed in")
        claims = read_requested_claims(fields.get("claims"))
        at = engine.now()
        family = TokenFamily(
            id=new_id("family"),
            client_id=request.client.client_id,
            user_id=visitor.user.id,
            org_code=visitor.org_code,
            scope=request.scope,
            created_at=at,
            audience=fields.get("audience", ""),
            authenticated_at=visitor.authenticated_at,
            session_digest=visitor.session_digest,
            userinfo_claims=" ".join(claims.userinfo),
            id_token_claims=" ".join(claims.id_token),
        )
        kept = AuthorizationCode(
            digest=digest_of(code),
            family=family,
            redirect_uri=fields["redirect_uri"],
            expires_at=at + timedelta(seconds=engine.settings.code_seconds),
            nonce=fields.get("nonce"),
            code_challenge=fields.get("code_challenge"),
        )
        with engine.begin() as tx:
            if not tx.sessions.hold(visitor.session_digest, at=at):
                # Whoever signs out ends what the session has begun; this would come too late for that.
                raise AccessDeniedError("the user has signed out meanwhile")
            keep_family(tx, family, engine.settings)
            tx.tokens.add_code(kept)

    def query_authorization_code(self, code: str, client: Client) -> Redeemed | None:
        """Spend a code and return it.

        It is spent whatever comes of the request: a code with a wrong verifier, redirect address or client has been
        seen by somebody whom it was not meant for.
        """
        engine, at = self.server.engine, self.server.engine.now()
        with engine.begin() as tx:
            spent = tx.tokens.spend_code(digest_of(code), at=at)
            if spent is not None and spent.redeemed_at is not None and spent.family.revoked_at is None:
                # Two have had it, and one of them should not: nothing that came from it counts any more.
                tx.tokens.revoke_family(spent.family.id, at=at)
                tx.audit.record(client.client_id, "authorization_code.reused", spent.family.id, at)
        if spent is None or spent.redeemed_at is not None or spent.expires_at <= at:
            return None
        if spent.family.client_id != client.client_id or spent.family.revoked_at is not None:
            return None
        _check_verifier_form(spent, self.request.form)
        return Redeemed(spent)

    def authenticate_user(self, redeemed: Redeemed) -> User:
        """Return the user of a code."""
        return find_signed_in(self.server.engine, redeemed.code.family)

    def generate_token(
        self,
        user: User,  # noqa: ARG002 - Authlib passes it
        scope: str,
        include_refresh_token: bool = True,  # noqa: ARG002 - the scope decides that
    ) -> dict[str, Any]:
        """Return the members of the answer, save for the ID token."""
        engine, family = self.server.engine, self.request.authorization_code.code.family
        at, key, settings = engine.now(), self.server.signing_key, engine.settings
        with engine.begin() as tx:
            answer = issue_access_token(tx, family, scope=scope, key=key, at=at, settings=settings)
            if REFRESHING_SCOPE in scope.split():
                answer["refresh_token"] = new_secret()
                token = new_refresh_token(
                    family, answer["refresh_token"], at=at, lifetime_seconds=settings.refresh_token_seconds
                )
                tx.tokens.add_refresh_token(token)
        return answer

    def delete_authorization_code(self, redeemed: Redeemed) -> None:
        """Do nothing: a spent code is kept, so that whoever sends it again is noticed."""


class Pkce(CodeChallenge):  # type: ignore[misc]  # Authlib is untyped
    """PKCE by S256 alone."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)


class IdToken(OpenIDCode):  # type: ignore[misc]  # Authlib is untyped
    """Adds an ID token where `openid` was granted; our own key and clock make it."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider = provider

    def exists_nonce(self, nonce: str, request: ProviderRequest) -> bool:  # noqa: ARG002 - Authlib passes them
        """Tell that a nonce was not seen before: it is the client that compares it (section 15.5.2)."""
        return False

    def encode_id_token(self, token: Mapping[str, Any], request: ProviderRequest) -> str:
        """Return the ID token that goes with an answer."""
        code = request.authorization_code.code if request.authorization_code else None
        family = code.family if code else request.refresh_token.token.family
        return sign_id_token(
            self.provider.engine,
            family,
            request.user,
            scope=token["scope"],
            access_token=token["access_token"],
            nonce=code.nonce if code else None,
            key=self.provider.signing_key,
        )


def issue_code(provider: Provider, request: ProviderRequest) -> str:
    """Return a code for the visitor of an authorization request.

    Raises:
        OAuth2Error: the request may not be answered after all.
    """
    grant = provider.get_authorization_grant(request)
    grant.validate_authorization_request()
    code: str = grant.generate_authorization_code()
    grant.save_authorization_code(code, request)
    return code


def _check_verifier_form(redeemed: AuthorizationCode, form: Mapping[str, str]) -> None:
    """Answer `invalid_grant` where Authlib would say `invalid_request` (RFC 9700, section 4.8.2)."""
    verifier = form.get("code_verifier")
    if (verifier is None) != (redeemed.code_challenge is None):
        raise InvalidGrantError("the code was not asked for with a challenge that this request answers")
    if verifier is not None and not VERIFIER.fullmatch(verifier):
        raise InvalidGrantError("the code verifier is malformed")
