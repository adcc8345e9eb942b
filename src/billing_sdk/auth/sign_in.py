"""Sign-in flows: there, back, and later again (OpenID Connect Core 1.0; RFC 6749; RFC 7636; RFC 9700)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from billing_sdk._config import is_safe_address
from billing_sdk._operation import Call, Credential, Flow
from billing_sdk.auth.callback import Callback, Query
from billing_sdk.auth.claims import AccessClaims, IdClaims
from billing_sdk.auth.discovery import Metadata
from billing_sdk.auth.jws import read_unverified_claims
from billing_sdk.auth.options import LONGEST_URL, SignInOptions, checked_path, checked_text, encode_options
from billing_sdk.auth.provider import Provider
from billing_sdk.auth.token_set import LONGEST_ANSWER, SignedIn, TokenSet
from billing_sdk.auth.transaction import AuthUrl, SignInTransaction
from billing_sdk.auth.verifier import LEEWAY_SECONDS
from billing_sdk.errors import APIError, ExpiredToken, InvalidRequest, InvalidToken, SignInError, UnsafeAnswer
from billing_sdk.models import Profile

OPENID: Final = "openid"
Keep: TypeAlias = Callable[[TokenSet], None]


def authorization_url(provider: Provider, options: SignInOptions) -> Flow[AuthUrl]:
    """Start a sign-in: a fresh transaction, and the address to send the visitor to.

    Raises:
        InvalidRequest: an option is not acceptable, or the address gets longer than 8 KiB.
        MissingSetting: there is no client id or redirect address.
        Unreachable: the issuer's endpoints are not known yet and can't be fetched.
    """
    config = provider.config
    parameters = encode_options(options)
    return_to = options.get("return_to")
    redirect_uri = options.get("redirect_uri") or config.value("redirect_uri")
    if not is_safe_address(redirect_uri):
        raise InvalidRequest("redirect_uri has to be an https address, or http on this machine")
    transaction = SignInTransaction.begin(
        redirect_uri=redirect_uri,
        issuer=config.issuer,
        at=provider.now(),
        return_to=checked_path(return_to) if return_to is not None else None,
        max_age_seconds=options.get("max_age_seconds"),
    )
    metadata = yield from provider.discovery.metadata()
    # Ours come last, so that nothing given can replace what protects the sign-in.
    parameters |= {
        "client_id": config.value("client_id"),
        "response_type": "code",
        "redirect_uri": transaction.redirect_uri,
        "scope": _scope(options, config.scopes),
        "state": transaction.state,
        "nonce": transaction.nonce,
        "code_challenge": transaction.challenge,
        "code_challenge_method": "S256",
    }
    url = _with_parameters(metadata.authorization_endpoint, parameters)
    if len(url) > LONGEST_URL:
        raise InvalidRequest("the sign-in options make an address longer than 8 KiB")
    return AuthUrl(url, transaction)


def finish_sign_in(provider: Provider, query: Query, transaction: SignInTransaction) -> Flow[SignedIn]:
    """Turn the redirect back into verified tokens.

    Everything that the address says is checked before the code is sent anywhere.

    Raises:
        StateMismatch, SignInExpired, IssuerMismatch, SignInDenied: see `Callback.code` and the transaction.
        SignInError: the provider refused the code.
        InvalidToken: a token that came does not belong to this sign-in.
    """
    metadata = yield from provider.discovery.metadata()
    callback = Callback.read(query)
    code = callback.code(transaction, issuer=provider.config.issuer, needs_issuer=metadata.sends_issuer)
    transaction.require_live(provider.now())
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": transaction.redirect_uri,
        "code_verifier": transaction.verifier,
    }
    try:
        tokens = yield from _token_call(provider, metadata, form)
    except APIError as error:
        if error.facts.get("error") == "invalid_grant":
            raise SignInError("the provider did not accept the code", error="invalid_grant") from error
        raise
    if tokens.id_token is None:
        raise UnsafeAnswer("the token response has no ID token")
    user = yield from _identity(provider, tokens, transaction)
    access = yield from _access(provider, tokens, user)
    return SignedIn(tokens=tokens, user=user, access=access, return_to=transaction.return_to)


def refresh_tokens(provider: Provider, tokens: TokenSet, *, keep: Keep | None = None) -> Flow[TokenSet]:
    """Exchange the refresh token, once for everybody who holds it (RFC 6749, section 6).

    The old one is spent as soon as the answer is here, so the new one is given to `keep` before anything that can fail.

    Raises:
        ExpiredToken: there is no refresh token, or the provider does not take it any more.
        InvalidToken: the new ID token is about somebody else.
    """
    if tokens.refresh_token is None:
        raise ExpiredToken("there is no refresh token; ask for the scope offline")
    return (yield from provider.refreshes.share(_flight_of(tokens), lambda: _refresh(provider, tokens, keep)))


def read_profile(provider: Provider, tokens: TokenSet) -> Flow[Profile]:
    """Ask the provider who signed in (OpenID Connect Core, section 5.3).

    Raises:
        InvalidToken: the answer is about somebody else (section 5.3.2): a token may have been swapped on the way.
        InvalidRequest: the tokens do not say whom they are about, or the issuer has no userinfo endpoint.
    """
    subject = _claims_of(tokens).get("sub")
    if subject is None:
        raise InvalidRequest("an opaque access token alone does not say whom the profile has to be about")
    metadata = yield from provider.discovery.metadata()
    if metadata.userinfo_endpoint is None:
        raise InvalidRequest("the issuer has no userinfo endpoint")
    profile = yield from Call("GET", metadata.userinfo_endpoint, Profile.read, token=tokens.access_token)
    if profile.sub != subject:
        raise InvalidToken("the profile is about somebody else")
    return profile


def revoke_token(provider: Provider, token: str) -> Flow[None]:
    """Make a refresh or access token worthless (RFC 7009); an unknown one is no error."""
    metadata = yield from provider.discovery.metadata()
    if metadata.revocation_endpoint is None:
        raise InvalidRequest("the issuer has no revocation endpoint")
    credential = _credential(metadata)
    yield from Call("POST", metadata.revocation_endpoint, _nothing, form={"token": token}, credential=credential)


def sign_out_url(provider: Provider, *, redirect: str | None, id_token_hint: str | None) -> Flow[str]:
    """Return where to send a visitor to end the session at the provider as well.

    The address names where to go afterwards in the spelling of the standard (`post_logout_redirect_uri`, RP-Initiated
    Logout 1.0) and in that of hosted providers (`redirect`).
    """
    metadata = yield from provider.discovery.metadata()
    if metadata.end_session_endpoint is None:
        raise InvalidRequest("the issuer has no logout endpoint")
    target = redirect or provider.config.logout_redirect_uri
    if target is not None and not is_safe_address(target):
        raise InvalidRequest("redirect has to be an https address, or http on this machine")
    parameters: dict[str, str] = {}
    if provider.config.client_id is not None:
        parameters["client_id"] = provider.config.client_id
    if target is not None:
        parameters |= {"redirect": checked_text("redirect", target), "post_logout_redirect_uri": target}
    if id_token_hint is not None:
        parameters["id_token_hint"] = id_token_hint
    return _with_parameters(metadata.end_session_endpoint, parameters)


def _scope(options: SignInOptions, usual: tuple[str, ...]) -> str:
    scopes = tuple(options.get("scopes") or usual)
    if OPENID not in scopes:
        raise InvalidRequest("a sign-in needs the scope openid")
    return checked_text("scopes", " ".join(scopes))


def _with_parameters(endpoint: str, parameters: Mapping[str, str]) -> str:
    """Return an endpoint with parameters; a query of its own is kept (RFC 6749, section 3.1).

    Raises:
        UnsafeAnswer: the endpoint has a fragment, or gives a parameter of ours a second value.
    """
    query = urlsplit(endpoint).query
    own = dict(parse_qsl(query, keep_blank_values=True))
    if "#" in endpoint or own.keys() & parameters.keys():
        raise UnsafeAnswer("an endpoint of the discovery document has a fragment, or a parameter that is ours")
    return f"{endpoint}{'&' if query else '?'}{urlencode(parameters)}"


def _credential(metadata: Metadata) -> Credential:
    return "client_in_form" if metadata.takes_secret_in_form else "client"


def _token_call(provider: Provider, metadata: Metadata, form: Mapping[str, str]) -> Call[TokenSet]:
    return Call(
        "POST",
        metadata.token_endpoint,
        lambda data: TokenSet.read(data, at=provider.now()),
        form=form,
        credential=_credential(metadata),
        max_bytes=LONGEST_ANSWER,
    )


def _identity(provider: Provider, tokens: TokenSet, transaction: SignInTransaction) -> Flow[IdClaims]:
    claims = yield from provider.verifier.identity(tokens.id_token or "", client_id=provider.config.value("client_id"))
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), transaction.nonce.encode()):
        raise InvalidToken("the ID token belongs to another sign-in")
    _require_bound(claims, tokens.access_token)
    user = IdClaims.read(claims)
    if transaction.max_age_seconds is not None:
        _require_recent(user, at=provider.now(), max_age_seconds=transaction.max_age_seconds)
    return user


def _require_recent(user: IdClaims, *, at: datetime, max_age_seconds: int) -> None:
    """Check that the visitor signed in as lately as was asked for (OpenID Connect Core, section 3.1.3.7, item 13)."""
    latest = at.timestamp() - max_age_seconds - LEEWAY_SECONDS
    if user.auth_time is None or user.auth_time < latest:
        raise InvalidToken("the visitor did not sign in as lately as was asked for")


def _require_bound(claims: Mapping[str, Any], access_token: str) -> None:
    """Check `at_hash` where it is sent (OpenID Connect Core, section 3.1.3.6); both algorithms hash with SHA-256."""
    sent = claims.get("at_hash")
    if "at_hash" not in claims:
        return
    half = sha256(access_token.encode()).digest()[:16]
    expected = urlsafe_b64encode(half).rstrip(b"=").decode()
    if not isinstance(sent, str) or not compare_digest(sent.encode(), expected.encode()):
        raise InvalidToken("the ID token does not belong to the access token")


def _access(provider: Provider, tokens: TokenSet, user: IdClaims) -> Flow[AccessClaims]:
    if tokens.access_token.count(".") != 2:
        # An opaque token says nothing; whoever holds it may do nothing until an API says otherwise.
        ends = int(tokens.expires_at.timestamp())
        return AccessClaims(iss=user.iss, sub=user.sub, exp=ends, iat=user.iat)
    claims = yield from provider.verifier.access(tokens.access_token)
    _require_access_of(claims, subject=user.sub, client_id=provider.config.value("client_id"))
    return claims


def _require_access_of(claims: AccessClaims, *, subject: str | None, client_id: str) -> None:
    if subject not in (None, claims.sub) or claims.azp not in (None, client_id):
        raise InvalidToken("the access token is about somebody else, or was given to another application")


def _refresh(provider: Provider, old: TokenSet, keep: Keep | None) -> Flow[TokenSet]:
    metadata = yield from provider.discovery.metadata()
    form = {"grant_type": "refresh_token", "refresh_token": old.refresh_token or ""}
    try:
        new = yield from _token_call(provider, metadata, form)
    except APIError as error:
        if error.facts.get("error") == "invalid_grant":
            raise ExpiredToken("the refresh token is no longer good") from error
        raise
    if keep is not None and new.refresh_token is not None:
        kept = replace(old, refresh_token=new.refresh_token)
        # Whoever finds these before the rest of the answer is checked needs what this flight brings, and no other one.
        provider.refreshes.also(_flight_of(old), _flight_of(kept))
        keep(kept)
    before, client_id = _claims_of(old), provider.config.value("client_id")
    if new.id_token is not None:
        claims = yield from provider.verifier.identity(new.id_token, client_id=client_id)
        _require_same_sign_in(before, claims)
        _require_bound(claims, new.access_token)
    if new.access_token.count(".") == 2:
        access = yield from provider.verifier.access(new.access_token)
        _require_access_of(access, subject=before.get("sub"), client_id=client_id)
    return TokenSet(
        access_token=new.access_token,
        expires_at=new.expires_at,
        id_token=new.id_token or old.id_token,
        refresh_token=new.refresh_token or old.refresh_token,
        scope=new.scope or old.scope,
    )


def _flight_of(tokens: TokenSet) -> bytes:
    """Return what names the renewal of these very tokens, and can't be turned back into them."""
    return sha256(f"{tokens.refresh_token} {tokens.access_token}".encode()).digest()


def _claims_of(tokens: TokenSet) -> Mapping[str, Any]:
    """Return what the ID token says, or else the access token; they were verified when they came.

    It is empty where there is only an opaque access token, which says nothing.
    """
    readable = (token for token in (tokens.id_token, tokens.access_token) if token and token.count(".") == 2)
    token = next(readable, None)
    return {} if token is None else read_unverified_claims(token)


def _require_same_sign_in(before: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """Check that a refreshed ID token continues a sign-in (OpenID Connect Core, section 12.2)."""
    if before and claims.get("sub") != before.get("sub"):
        raise InvalidToken("the refreshed ID token is about somebody else")
    if "nonce" in claims and claims["nonce"] != before.get("nonce", claims["nonce"]):
        raise InvalidToken("the refreshed ID token belongs to another sign-in")


def _nothing(_: Any) -> None:
    return None
