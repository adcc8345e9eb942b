"""Sign-ins and tokens.

Owns the authorization URL and its parameters, the callback, PKCE, the strict reading of tokens, the issuer's keys and
the client's own machine token. Does not own sessions (contrib does) or HTTP (the transport does). Times in tokens are
whole seconds since 1970 in UTC; caches count on the monotonic clock.
"""

from __future__ import annotations

from billing_sdk.auth.claims import AccessClaims as AccessClaims, IdClaims as IdClaims, Owner as Owner
from billing_sdk.auth.jwk import KeySet as KeySet, VerifyingKey as VerifyingKey, read_key_set as read_key_set
from billing_sdk.auth.key_cache import KeyStatus as KeyStatus
from billing_sdk.auth.options import (
    SignInOptions as SignInOptions,
    checked_path as checked_path,
    encode_options as encode_options,
)
from billing_sdk.auth.provider import Provider as Provider
from billing_sdk.auth.token_set import SignedIn as SignedIn, TokenSet as TokenSet
from billing_sdk.auth.transaction import AuthUrl as AuthUrl, SignInTransaction as SignInTransaction
