"""Tables of people, organizations, roles and applications."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

from billing_sdk.server.storage.tables import Instant, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("given_name", Text, nullable=False),
    Column("family_name", Text, nullable=False),
    Column("picture", Text),
    Column("provided_id", String(255)),
    Column("is_suspended", Boolean, nullable=False),
    # Standard claims that have no column of their own, by their names (OpenID Connect Core 1.0, section 5.1).
    Column("standard_claims", JSON, nullable=False, server_default=text("'{}'")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

# Apart from the users, so that no query for people can bring a hash along.
passwords = Table(
    "passwords",
    metadata,
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
)

# One row for each account that somebody tried to get into, whether or not there is one, and for each address on the
# network that somebody tried it from.
attempts = Table(
    "attempts",
    metadata,
    Column("subject_digest", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("blocked_until", Instant),
)

organizations = Table(
    "organizations",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("handle", String(255), unique=True),
    Column("external_id", String(255)),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(
        "uq_organizations_default",
        "is_default",
        unique=True,
        sqlite_where=text("is_default"),
        postgresql_where=text("is_default"),
    ),
)

permissions = Table(
    "permissions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

roles = Table(
    "roles",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("is_creator", Boolean, nullable=False),
)

role_permissions = Table(
    "role_permissions",
    metadata,
    Column("role_id", String(64), ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
    Column("permission_id", String(64), ForeignKey("permissions.id", ondelete="CASCADE"), primary_key=True),
)

memberships = Table(
    "memberships",
    metadata,
    Column("org_code", String(64), ForeignKey("organizations.code", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("created_at", Instant, nullable=False),
)

member_roles = Table(
    "member_roles",
    metadata,
    Column("org_code", String(64), ForeignKey("organizations.code", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("role_id", String(64), ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("org_code", String(64), ForeignKey("organizations.code", ondelete="CASCADE"), nullable=False),
    Column("email", String(320), nullable=False, index=True),
    Column("role_keys", JSON, nullable=False),
    Column("inviter_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    UniqueConstraint("org_code", "email", name="uq_invitations_org_code_email"),
)

account_links = Table(
    "account_links",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("email", String(320), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    UniqueConstraint("user_id", "kind", name="uq_account_links_user_id_kind"),
)

applications = Table(
    "applications",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("redirect_uris", JSON, nullable=False),
    Column("logout_redirect_uris", JSON, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("is_confidential", Boolean, nullable=False),
    Column("requires_pkce", Boolean, nullable=False, server_default=true()),
    Column("secret_digest", String(64)),
)

# Random values from which others are derived: the demo's client secrets, the key of the audit.
seeds = Table(
    "seeds",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("sealed_value", Text, nullable=False),
)
