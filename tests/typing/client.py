"""One definition of each operation has the right type in both colours; mypy checks this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, assert_type

from billing_sdk import (
    AccessClaims,
    Agreement,
    AsyncClient,
    AuthUrl,
    BillingSettings,
    ChangePreview,
    Client,
    Coupon,
    EntitlementSnapshot,
    Event,
    EventPlan,
    Flow,
    KeyStatus,
    Migration,
    Money,
    Organization,
    Plan,
    PlanChanged,
    PortalLink,
    Reservation,
    SignedIn,
    SignInTransaction,
    TestClock,
    TokenSet,
)


def blocking(client: Client, transaction: SignInTransaction, tokens: TokenSet) -> None:
    """Answers of a blocking client are plain values."""
    assert_type(client.login.register_url(plan_interest="pro", is_create_org=True), AuthUrl)
    assert_type(client.login.callback("code=1", transaction), SignedIn)
    assert_type(client.login.refresh(tokens), TokenSet)
    assert_type(client.tokens.verify_access("token", audience="api"), AccessClaims)
    assert_type(client.tokens.known("token"), AccessClaims | None)
    assert_type(client.keys.status(), KeyStatus)
    assert_type(client.entitlements.list("token"), EntitlementSnapshot)
    assert_type(client.agreements.list("customer"), tuple[Agreement, ...])
    assert_type(client.agreements.create(customer_id="customer", plan_code="pro", timing="period_end"), str | None)
    assert_type(client.agreements.preview(customer_id="customer", plan_code="pro"), ChangePreview)
    assert_type(client.agreements.set_quantity("agreement", "seats", 5), Agreement)
    assert_type(client.plans.list(status="published"), tuple[Plan, ...])
    assert_type(client.plans.migrate("pro", to_version=2, dry_run=True), Migration)
    assert_type(client.coupons.create(code="A", name="A", amount_off=[Money(1, "USD")]), Coupon)
    assert_type(client.test_clocks.advance("clock", to=datetime.now(UTC)), TestClock)
    assert_type(client.organizations.get("org"), Organization)
    assert_type(client.usage.reserve(feature_code="ai_tokens", user_id="kp_1"), Reservation)
    assert_type(client.portal.create_link(token="token", sub_nav="plan_details"), PortalLink)
    assert_type(client.webhooks.verify(b"body"), Event)
    assert_type(client.run(client.snapshots.load(AccessClaims("i", "s", 2, 1).owner, "token")), EntitlementSnapshot)


async def awaited(client: AsyncClient, transaction: SignInTransaction, tokens: TokenSet) -> None:
    """Answers of an async client are the same values, awaited."""
    listing: Coroutine[Any, Any, EntitlementSnapshot] = client.entitlements.list("token")
    assert_type(await listing, EntitlementSnapshot)
    assert_type(await client.login.register_url(plan_interest="pro", is_create_org=True), AuthUrl)
    assert_type(await client.login.callback("code=1", transaction), SignedIn)
    assert_type(await client.login.refresh(tokens), TokenSet)
    assert_type(await client.tokens.verify_access("token"), AccessClaims)
    assert_type(await client.agreements.list("customer"), tuple[Agreement, ...])
    assert_type(await client.agreements.create(customer_id="customer", plan_code="pro"), str | None)
    assert_type(await client.plans.publish("pro"), Plan)
    assert_type(await client.billing_settings.get(), BillingSettings)
    assert_type(await client.portal.create_link(user_id="kp_1"), PortalLink)
    reservation = await client.usage.reserve(feature_code="ai_tokens", agreement_id="agreement")
    assert_type(await client.usage.commit(reservation), Reservation)
    assert_type(await client.webhooks.verify("body"), Event)
    assert_type(await client.run(client.entitlements.list.flow("token")), EntitlementSnapshot)


def coloured_later(client: Client | AsyncClient, token: str) -> Flow[bool]:
    """A flow is written once for whichever colour runs it."""
    snapshot = yield from client.entitlements.list.flow(token)
    assert_type(snapshot, EntitlementSnapshot)
    return snapshot.has("advanced_reports")


def refused(client: Client) -> None:
    """What the wire does not know is refused before it runs."""
    client.login.login_url(plan="pro")  # type: ignore[call-arg]
    client.portal.create_link(token="token", sub_nav="everything")  # type: ignore[arg-type]
    client.agreements.cancel("agreement", timing="tomorrow")  # type: ignore[arg-type]
    client.plans.list(status="on sale")  # type: ignore[arg-type]
    client.usage.record_reading(agreement_id="a", feature_code="f", value=1.5)  # type: ignore[arg-type]
    Client(isuer="https://id.example")  # type: ignore[call-arg]


def narrowed(event: Event) -> None:
    """What an event says is typed, by the event and by the class of its type."""
    assert_type(event.agreement, Agreement | None)
    match event.payload:
        case PlanChanged(plan=plan, agreement=agreement):
            assert_type(plan, EventPlan | None)
            assert_type(agreement, Agreement | None)
