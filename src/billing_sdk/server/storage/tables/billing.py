"""Tables of customers, what they agreed to, what they used and what they paid."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

customers = Table(
    "customers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("billing_email", String(320), nullable=False),
    # No cascade: what was paid outlives the account of whoever paid it.
    Column("user_id", String(64), unique=True),
    Column("org_code", String(64), unique=True),
    Column("created_at", Instant, nullable=False),
    # Set with the customer and never changed: time does not jump between two clocks.
    Column("clock_id", String(64), ForeignKey("test_clocks.id"), index=True),
    # Without a foreign key, which SQLite can't add to a table that is there; as for the columns of others below.
    Column("profile_id", String(64), index=True),
    Column("country", String(2)),
    Column("region", String(200)),
    Column("city", String(200)),
    Column("postal_code", String(20)),
    Column("address_lines", JSON, nullable=False),
    Column("tax_ids", JSON, nullable=False),
    Column("language", String(32)),
    CheckConstraint("(user_id IS NULL) <> (org_code IS NULL)", name="one_owner"),
    # Lists, each in the order in which it is shown; so the ones of agreements and invoices.
    Index("ix_customers_kind", "kind", "id"),
)

payment_methods = Table(
    "payment_methods",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("gateway_token", String(255), nullable=False),
    Column("brand", String(32), nullable=False),
    Column("last4", String(4), nullable=False),
    Column("exp_month", Integer, nullable=False),
    Column("exp_year", Integer, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("gateway", String(32), nullable=False, server_default="managed"),
    Column("kind", String(32), nullable=False, server_default="card"),
    # The processor's own default, which stands in where none was chosen here.
    Column("is_gateway_default", Boolean, nullable=False, server_default=text("false")),
    Column("detached_at", Instant),
    Index("ix_payment_methods_gateway_token", "gateway_token"),
    # One for each gateway, so that whoever goes back to an earlier gateway finds what was chosen there.
    Index(
        "uq_payment_methods_default",
        "customer_id",
        "gateway",
        unique=True,
        sqlite_where=text("is_default"),
        postgresql_where=text("is_default"),
    ),
)

agreements = Table(
    "agreements",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("group_id", String(64), ForeignKey("plan_groups.id"), nullable=False),
    Column("plan_key", String(255), ForeignKey("plans.key"), nullable=False),
    Column("plan_version_id", String(64), ForeignKey("plan_versions.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("cadence", String(32), nullable=False),
    Column("anchor", Instant, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("billed_until", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("is_unpaid", Boolean, nullable=False),
    Column("trial_ends_at", Instant),
    Column("cancel_at", Instant),
    Column("cancellation", JSON(none_as_null=True)),
    Column("paused_at", Instant),
    Column("suspended_at", Instant),
    Column("version_since", Instant),
    Column("next_version_id", String(64)),
    Column("pending_change", JSON(none_as_null=True)),
    Column("quantities", JSON, nullable=False),
    Column("add_ons", JSON, nullable=False),
    Column("discounts", JSON, nullable=False),
    Column("number_changes", JSON, nullable=False),
    Column("billed_discounts", JSON, nullable=False),
    Column("pauses", JSON, nullable=False, server_default=text("'[]'")),
    Column("billing_cadence_id", String(64), index=True),
    Column("metadata", JSON, nullable=False, server_default=text("'{}'")),
    Column("first_id", String(64), index=True),
    # Who is on a version of a plan: counted where versions are shown, and read in this order by a migration.
    Index("ix_agreements_version", "plan_version_id", "status", "id"),
    # Lists are filtered within it. An index that begins with a status or a plan would be taken by SQLite, which knows
    # no figures, where a customer's few agreements are asked for.
    Index("ix_agreements_listed", "id", "status", "plan_key"),
    # Whatever the code does: a customer has at most one live agreement of each group.
    Index(
        "uq_agreements_live",
        "customer_id",
        "group_id",
        unique=True,
        sqlite_where=text("status IN ('trialing', 'active', 'paused')"),
        postgresql_where=text("status IN ('trialing', 'active', 'paused')"),
    ),
)

# A charge that is about to be made, or whose outcome is not known yet. One for each customer and group, and one
# for each invoice: whoever holds the row charges, and its id is the idempotency key, so a charge that is made again is
# made once.
charges = Table(
    "charges",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    # None where it pays an invoice about several agreements, or none.
    Column("group_id", String(64), ForeignKey("plan_groups.id")),
    # All of the agreement that it pays for, which need not be there yet.
    Column("agreement", JSON(none_as_null=True)),
    Column("payment_method_id", String(64), ForeignKey("payment_methods.id"), nullable=False),
    Column("lines", JSON, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("source", String(16), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("lease_ends_at", Instant, nullable=False),
    # Without a foreign key, which SQLite can't add to a table that is there.
    Column("invoice_id", String(64)),
    # The service intervals whose usage it pays for.
    Column("rated", JSON, nullable=False, server_default=text("'[]'")),
    Column("gateway", String(32), nullable=False, server_default="managed"),
    # What it waits for at the gateway.
    Column("awaits", JSON(none_as_null=True)),
    # Whose money it takes before the invoice that it pays is known: one attempt at a time.
    Column("payment_intent_id", String(64)),
    UniqueConstraint("customer_id", "group_id"),
    Index("uq_charges_invoice_id", "invoice_id", unique=True),
    Index("uq_charges_payment_intent_id", "payment_intent_id", unique=True),
)

# What is owed to customers, and what of it was used: the amounts of one customer and currency add up to the balance.
customer_credits = Table(
    "customer_credits",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("agreement_id", String(64)),
    Column("charge_id", String(64), index=True),
    Column("invoice_id", String(64), ForeignKey("invoices.id")),
    Column("at", Instant, nullable=False),
)

payments = Table(
    "payments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempted_at", Instant, nullable=False),
    Column("method_kind", String(64), nullable=False),
    Column("method_brand", Text, nullable=False),
    Column("method_last4", Text, nullable=False),
    Column("gateway_reference", String(255)),
    Column("reference", String(255)),
    Column("decline_code", String(64)),
    # The invoice that it was for, if that was there before it. Without a foreign key, since invoices refer to payments.
    Column("invoice_id", String(64), index=True),
    Column("gateway", String(32), nullable=False, server_default="managed"),
    # It was taken before the invoice that it pays was known.
    Column("payment_intent_id", String(64), index=True),
    Index("ix_payments_gateway_reference", "gateway_reference"),
)

# The row that is counted up in the transaction that issues an invoice: a number is neither lost nor given twice.
invoice_counters = Table(
    "invoice_counters",
    metadata,
    Column("series", String(16), primary_key=True),
    Column("last_number", BigInteger, nullable=False),
)

invoices = Table(
    "invoices",
    metadata,
    Column("id", String(64), primary_key=True),
    # Given when it is issued, as all that is NULL before.
    Column("number", String(64), unique=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    # None where it is about several agreements, or none: the lines say what is charged under which.
    Column("agreement_id", String(64), ForeignKey("agreements.id"), index=True),
    Column("status", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("issued_at", Instant),
    Column("due_at", Instant),
    Column("collect_at", Instant),
    Column("send_at", Instant),
    Column("profile_id", String(64)),
    Column("collection_method", String(32), nullable=False),
    Column("payment_id", String(64), ForeignKey("payments.id"), unique=True),
    Column("credited_minor", BigInteger, nullable=False),
    Column("replaces_id", String(64)),
    # What its lines are computed from while it waits.
    Column("basis", JSON, nullable=False),
    # How many lines it has: once it is issued, the database lets no more of them come.
    Column("line_count", Integer, nullable=False),
    Column("billing_cadence_id", String(64), index=True),
    # Likewise: lists are filtered by status within it.
    Index("ix_invoices_listed", "issued_at", "id", "status"),
    # Whatever the code does: what is to be billed to a customer next gathers in one place, and in one of each cadence.
    Index(
        "uq_invoices_gathering",
        "customer_id",
        "currency",
        unique=True,
        sqlite_where=text("status = 'gathering' AND billing_cadence_id IS NULL"),
        postgresql_where=text("status = 'gathering' AND billing_cadence_id IS NULL"),
    ),
    Index(
        "uq_invoices_gathering_by_cadence",
        "customer_id",
        "currency",
        "billing_cadence_id",
        unique=True,
        sqlite_where=text("status = 'gathering' AND billing_cadence_id IS NOT NULL"),
        postgresql_where=text("status = 'gathering' AND billing_cadence_id IS NOT NULL"),
    ),
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("invoice_id", String(64), ForeignKey("invoices.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("frames", JSON, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("period_start", Instant, nullable=False),
    Column("period_end", Instant, nullable=False),
    Column("agreement_id", String(64), ForeignKey("agreements.id")),
    Column("plan_version_id", String(64), ForeignKey("plan_versions.id")),
    Column("component_id", String(64), nullable=False),
    Column("quantity", Quantity),
    Column("derivation", JSON, nullable=False),
    Index("ix_invoice_lines_agreement_id", "agreement_id", "period_end"),
)

# Units that are set aside for a use which has not been counted yet. What is held is read and added to by whoever holds
# the lock on the agreement's customer.
reservations = Table(
    "reservations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agreement_id", String(64), ForeignKey("agreements.id"), nullable=False),
    Column("feature_key", String(255), nullable=False),
    Column("units", Quantity, nullable=False),
    Column("status", String(16), nullable=False),
    Column("requires_credit", Boolean, nullable=False),
    Column("is_lease", Boolean, nullable=False),
    Column("used", Quantity, nullable=False),
    Column("reserved_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("held_until", Instant, nullable=False),
    Index(
        "ix_reservations_held",
        "agreement_id",
        "feature_key",
        "held_until",
        sqlite_where=text("status = 'held'"),
        postgresql_where=text("status = 'held'"),
    ),
)
