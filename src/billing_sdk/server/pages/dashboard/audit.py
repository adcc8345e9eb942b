"""The audit: every change with who made it and when, and a check that none was altered or taken away.

Of what a thing was before and after, keyed digests are kept: they prove a change to whoever has both states. Which
fields have changed is kept as well, and of settings in which nothing is personal, both values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.server.pages.dashboard.days import day_in, midnight
from billing_sdk.server.pages.dashboard.listing import AFTER, PAGE_SIZE, Cell, Column, Row, asked, listing, row
from billing_sdk.server.pages.dashboard.places import APPLICATIONS, CUSTOMERS, INVOICES, PEOPLE, SUBSCRIPTIONS, WEBHOOKS
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage.audit import AuditFilter
from billing_sdk.server.usecases.verify_audit import verify_audit
from billing_sdk.server.words import Phrase, phrase

AUDIT = "/dashboard/audit"
NOUNS: dict[str, Phrase] = {
    "agreement": phrase("Subscriptions"),
    "api_token": phrase("API keys"),
    "application": phrase("Applications"),
    "billing": phrase("Billing as a whole"),
    "billing_profile": phrase("Billing profiles"),
    "billing_settings": phrase("Policies"),
    "brand": phrase("Brand"),
    "card": phrase("Payment methods"),
    "charge": phrase("Charges"),
    "checkout": phrase("Checkout"),
    "coupon": phrase("Coupons"),
    "credit": phrase("Credit"),
    "credit_note": phrase("Credit notes"),
    "customer": phrase("Customers"),
    "dispute": phrase("Disputes"),
    "end_request": phrase("Cancellations"),
    "endpoint": phrase("Webhooks"),
    "feature": phrase("Features"),
    "invitation": phrase("Invitations"),
    "invoice": phrase("Invoices"),
    "mail": phrase("Mail"),
    "member": phrase("Members"),
    "meter": phrase("Meters"),
    "operator": phrase("Operators"),
    "organization": phrase("Organizations"),
    "own_page": phrase("Pages"),
    "payment": phrase("Payments"),
    "permission": phrase("Permissions"),
    "plan": phrase("Plans"),
    "plan_group": phrase("Plan groups"),
    "plan_version": phrase("Plan versions"),
    "portal_settings": phrase("Portal"),
    "pricing_table": phrase("Pricing tables"),
    "role": phrase("Roles"),
    "sign_in": phrase("Signing in"),
    "usage": phrase("Usage"),
    "user": phrase("People"),
}
# The others go by their own name: whoever looks for one knows it from the records.
BY_NAME = tuple(
    (
        "account allowance app authorization_code billing_cadence catalogue checkout_session client clock "
        "custom_unit dashboard_token default_tax_codes dunning email entitlement event intent key licence_fee "
        "licensed_item llm_price mail_template metered_item one_time_item password payer payer_profile "
        "payment_intent plan_addon plan_record portal portal_link rate_card rate_card_subscription "
        "refresh_token refund secrets service_action session stripe_credit_grant stripe_customer "
        "stripe_payment_method subject subject_key subscription tax_code tax_rate token usage_month "
        "usage_thresholds workspace_plan "
    ).split()
)
# Where a thing's page is, by what its id begins with or what was acted on.
PAGES = {
    "customer_": CUSTOMERS,
    "kp_": PEOPLE,
    "agreement_": SUBSCRIPTIONS,
    "invoice_": INVOICES,
    "client_": APPLICATIONS,
    "webhook_": WEBHOOKS,
    "token_": "/dashboard/keys",
    "role_": "/dashboard/roles",
}
BY_NOUN = {"plan": "/dashboard/plans"}
COLUMNS = (
    Column(phrase("What")),
    Column(phrase("About")),
    Column(phrase("Changed")),
    Column(phrase("By")),
)


def show_audit(seat: Seat) -> Response:
    """Show the records, the newest first, or those of an actor, a noun, a thing or a time."""
    request = seat.request
    fields = {name: asked(request, name) for name in ("actor", "noun", "subject", "since", "until")}
    since, until = day_in(fields["since"]), day_in(fields["until"])
    place = asked(request, AFTER)
    with seat.engine.read() as tx:
        by_email = tx.users.find_by_email(fields["actor"]) if "@" in fields["actor"] else None
        wanted = AuditFilter(
            actor=by_email.id if by_email else fields["actor"] or None,
            noun=fields["noun"] or None,
            subject=fields["subject"] or None,
            since=midnight(since) if since else None,
            until=midnight(until + timedelta(days=1)) if until else None,
        )
        before = int(place) if place.isascii() and place.isdigit() and len(place) < 19 else None
        found = tx.audit.page(wanted, before=before, size=PAGE_SIZE)
        emails = tx.users.emails_of({str(record["actor"]) for record in found.records})
    rows = [_row(record, emails) for record in found.records]
    last = str(found.before) if found.before is not None else ""
    return seat.show(
        "audit/list",
        Form(fields),
        records=listing(request, COLUMNS, rows, last=last),
        nouns=[("", phrase("Everything")), *NOUNS.items(), *((noun, noun) for noun in BY_NAME)],
    )


def verify(seat: Seat, _form: Form) -> Response:
    """Check the whole audit, and say what holds and what does not."""
    report = verify_audit(seat.engine)
    return seat.show("audit/report", report=report)


def _row(record: Mapping[str, Any], emails: Mapping[str, str]) -> Row:
    at: datetime = record["at"].astimezone(UTC)
    actor, subject = str(record["actor"]), str(record["subject"])
    when = phrase("%(day)s, %(time)s UTC", day=at, time=f"{at:%H:%M:%S}")
    return row(
        Cell(record["action"], note=when, is_code=True),
        Cell(subject, _url_of(str(record["action"]), subject), note=_states(record), is_code=True),
        Cell(_changes(record), is_code=True),
        Cell(emails.get(actor, actor), note=record["caller"] or ""),
    )


def _changes(record: Mapping[str, Any]) -> str:
    """Return the fields that have changed, with an arrow between values, or signs before keys, where they are kept."""
    changed: Mapping[str, list[str] | dict[str, list[str]] | None] = json.loads(record["changed"] or "{}")
    return "; ".join(_change(name, told) for name, told in changed.items())


def _change(name: str, told: list[str] | dict[str, list[str]] | None) -> str:
    if told is None:
        return name
    if isinstance(told, dict):
        keys = [f"+{key}" for key in told["added"]] + [f"−{key}" for key in told["removed"]]  # noqa: RUF001
        return f"{name}: {', '.join(keys)}"
    return f"{name}: {told[0] or '∅'} → {told[1] or '∅'}"


def _states(record: Mapping[str, Any]) -> str:
    """Return the beginnings of the digests of what a thing was and is, with an arrow between."""
    before, after = (str(record[name] or "")[:8] for name in ("before_digest", "after_digest"))
    return f"{before or '∅'} → {after or '∅'}" if before or after else ""


def _url_of(action: str, subject: str) -> str:
    noun = action.partition(".")[0]
    if noun in BY_NOUN:
        return f"{BY_NOUN[noun]}/{subject}"
    return next((f"{url}/{subject}" for prefix, url in PAGES.items() if subject.startswith(prefix)), "")


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(AUDIT, show_audit),
    seat_route(f"{AUDIT}/verify", show_audit, verify, repeats=True),
)
