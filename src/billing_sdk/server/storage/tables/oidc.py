"""Tables of signing keys and of what was issued: codes, access tokens and refresh tokens, by families."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, text

from billing_sdk.server.storage.tables import Instant, metadata

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("sealed_private_key", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("activates_at", Instant, nullable=False),
    Column("retires_at", Instant),
)

# Everything that descends from one sign-in, or from one request of a machine. It is revoked as a whole.
token_families = Table(
    "token_families",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("user_id", String(64)),
    Column("org_code", String(64)),
    Column("scope", Text, nullable=False),
    Column("audience", Text, nullable=False),
    # Names of claims that were asked for one by one, separated by spaces.
    Column("userinfo_claims", Text, nullable=False, server_default=text("''")),
    Column("id_token_claims", Text, nullable=False, server_default=text("''")),
    Column("authenticated_at", Instant),
    # The digest of the provider session's key: signing out ends what the session has begun.
    Column("session_digest", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_token_families_created_at", "created_at"),
    Index("ix_token_families_session_digest", "session_digest"),
    Index("ix_token_families_user_id", "user_id"),
)

# Codes and refresh tokens are bearer secrets: only their SHA-256 is here.
authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("family_id", String(64), ForeignKey("token_families.id", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("nonce", Text),
    Column("code_challenge", String(128)),
    Column("expires_at", Instant, nullable=False),
    Column("redeemed_at", Instant),
    Index("ix_authorization_codes_family_id", "family_id"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("family_id", String(64), ForeignKey("token_families.id", ondelete="CASCADE"), nullable=False),
    # Together with the token itself, which is not here, it yields the token's only successor.
    Column("seed", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("rotated_at", Instant),
    Index("ix_refresh_tokens_family_id", "family_id"),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("family_id", String(64), ForeignKey("token_families.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_access_tokens_expires_at", "expires_at"),
    Index("ix_access_tokens_family_id", "family_id"),
)
