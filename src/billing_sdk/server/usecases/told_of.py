"""What is told of what is recorded: one table, from the acts in the audit to the events that point to a thing.

Every use case records what it does to which thing, as it was and as it is, so the table needs no use case to know that
events of these forms exist. How subscriptions stand is told apart (`standing_news`), for it follows from several acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from billing_sdk.server.domain.catalog.licence_fee_object import LicenceFeeObject
from billing_sdk.server.domain.catalog.plan import Plan
from billing_sdk.server.domain.catalog.rate_card import RateCard
from billing_sdk.server.domain.events import Told
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.storage.audit import Recorded

Teller = Callable[[Recorded], Iterator[Told]]
V2 = "v2.billing."


def told_of(recorded: Recorded) -> tuple[Told, ...]:
    """Return what is told of one record."""
    teller = TABLE.get(recorded.action)
    return () if teller is None else tuple(teller(recorded))


def customer_of(recorded: Recorded) -> str | None:
    """Return in whose order it is told; None where it is no customer's."""
    thing = recorded.after if recorded.after is not None else recorded.before
    found = getattr(thing, "customer_id", None)
    if isinstance(found, str):
        return found
    return recorded.subject if recorded.subject.startswith("customer_") else None


def _thin(kind: str, verb: str) -> Teller:
    def tell(recorded: Recorded) -> Iterator[Told]:
        yield Told(f"{V2}{kind}.{verb}", "thin", f"{kind}/{recorded.subject}")

    return tell


def _snapshot(kind: str, *verbs: str) -> Teller:
    def tell(recorded: Recorded) -> Iterator[Told]:
        yield from (Told(f"{kind}.{verb}", "snapshot", f"{kind}/{recorded.subject}") for verb in verbs)

    return tell


def _fee(recorded: Recorded) -> Iterator[Told]:
    fee, before = recorded.after, recorded.before
    if not isinstance(fee, LicenceFeeObject):
        return
    yield Told(f"{V2}license_fee.{'created' if before is None else 'updated'}", "thin", f"license_fee/{fee.id}")
    if before is None or before.versions.latest.id != fee.versions.latest.id:
        subject = f"license_fee_version/{fee.id}/{fee.versions.latest.id}"
        yield Told(
            f"{V2}license_fee_version.created", "thin", subject, {"data": {"license_fee_id": ["license_fee", fee.id]}}
        )


def _card(recorded: Recorded) -> Iterator[Told]:
    card, before = recorded.after, recorded.before
    if not isinstance(card, RateCard):
        return
    if before is None:
        yield Told(f"{V2}rate_card.created", "thin", f"rate_card/{card.id}")
    known = frozenset(rate.id for rate in before.rates) if isinstance(before, RateCard) else frozenset()
    version = card.versions.latest
    if before is None or before.versions.latest.id != version.id:
        data = {"data": {"rate_card_id": ["rate_card", card.id]}}
        yield Told(f"{V2}rate_card_version.created", "thin", f"rate_card_version/{card.id}/{version.id}", data)
    for rate in card.rates:
        if rate.id not in known:
            told = {
                "billable_item": ["billable_item", rate.item.id],
                "created": ["instant", rate.created_at.isoformat()],
                "rate_card": ["rate_card", card.id],
                "rate_card_version": ["rate_card_version", version.id],
            }
            yield Told(f"{V2}rate_card_rate.created", "thin", f"rate_card_rate/{card.id}/{rate.id}", {"data": told})
    costs = frozenset(rate.id for rate in before.overage_rates) if isinstance(before, RateCard) else frozenset()
    for overage in card.overage_rates:
        if overage.id not in costs:
            told = {
                "created": ["instant", overage.created_at.isoformat()],
                "custom_pricing_unit": ["custom_pricing_unit", overage.unit.id],
                "rate_card": ["rate_card", card.id],
                "rate_card_version": ["rate_card_version", version.id],
            }
            subject = f"rate_card_custom_pricing_unit_overage_rate/{card.id}/{overage.id}"
            yield Told(f"{V2}rate_card_custom_pricing_unit_overage_rate.created", "thin", subject, {"data": told})


def _plan(recorded: Recorded) -> Iterator[Told]:
    """Tell of a plan, which begins with a version."""
    plan = recorded.after
    yield Told(f"{V2}pricing_plan.created", "thin", f"pricing_plan/{recorded.subject}")
    if isinstance(plan, Plan):
        yield _version_made(plan.key, plan.version.id)


def _version_made(plan_key: str, version_id: str) -> Told:
    data = {"data": {"pricing_plan_id": ["pricing_plan", plan_key]}}
    return Told(f"{V2}pricing_plan_version.created", "thin", f"pricing_plan_version/{plan_key}/{version_id}", data)


def _version(recorded: Recorded) -> Iterator[Told]:
    """Tell of a version of a plan, and of the component for whose sake it was made or that it was given."""
    made = recorded.after
    key, version_id = recorded.subject, made["version"]
    if made.get("is_new_version", False):
        yield _version_made(key, version_id)
    verb = {"plan.add_component": "created", "plan.change_component": "updated"}.get(recorded.action)
    if verb is not None and made.get("component"):
        subject = f"pricing_plan_component/{key}/{made['component']}"
        yield Told(f"{V2}pricing_plan_component.{verb}", "thin", subject)


def _issued(recorded: Recorded) -> Iterator[Told]:
    invoice = recorded.after
    if not isinstance(invoice, Invoice):
        return
    verbs = (
        ["finalized"] if invoice.reason == "one_off" and invoice.created_at != recorded.at else ["created", "finalized"]
    )
    verbs += ["sent"] if invoice.collection_method == "send_invoice" else []
    verbs += ["paid"] if invoice.status == "paid" else []
    verbs += ["payment_succeeded"] if invoice.status == "paid" and invoice.payment_id else []
    yield from (Told(f"invoice.{verb}", "snapshot", f"invoice/{invoice.id}") for verb in verbs)
    if invoice.billing_cadence_id is not None:
        data = {"data": {"invoices": [["invoice", invoice.id]]}}
        yield Told(f"{V2}cadence.billed", "thin", f"cadence/{invoice.billing_cadence_id}", data)


def _paid(recorded: Recorded) -> Iterator[Told]:
    yield Told("invoice.paid", "snapshot", f"invoice/{recorded.subject}")
    after = recorded.after
    if isinstance(after, Invoice) and after.payment_id is not None:
        yield Told("invoice.payment_succeeded", "snapshot", f"invoice/{recorded.subject}")


def _credited(recorded: Recorded) -> Iterator[Told]:
    """Tell of an invoice of which a credit note has left nothing to be paid."""
    after = recorded.after
    if isinstance(after, Invoice) and after.status == "paid":
        yield Told("invoice.paid", "snapshot", f"invoice/{after.id}")


def _failed(recorded: Recorded) -> Iterator[Told]:
    payment = recorded.after
    if isinstance(payment, Payment) and payment.invoice_id is not None:
        yield Told("invoice.payment_failed", "snapshot", f"invoice/{payment.invoice_id}")


def _meter(recorded: Recorded) -> Iterator[Told]:
    was, is_ = (getattr(one, "archived_at", None) is not None for one in (recorded.before, recorded.after))
    verb = "updated" if was == is_ else "deactivated" if is_ else "reactivated"
    yield Told(f"billing.meter.{verb}", "snapshot", f"billing.meter/{recorded.subject}")


def _method(verb: str) -> Teller:
    """Tell of a card; the record is of its customer."""

    def tell(recorded: Recorded) -> Iterator[Told]:
        thing = recorded.before if verb == "detached" else recorded.after
        method_id = getattr(thing, "id", None)
        if method_id is not None:
            yield Told(f"payment_method.{verb}", "snapshot", f"payment_method/{method_id}")

    return tell


_GRANT_UPDATED = _snapshot("billing.credit_grant", "updated")

TABLE: Mapping[str, Teller] = {
    "plan.create": _plan,
    "plan.update": _thin("pricing_plan", "updated"),
    "plan.archive": _thin("pricing_plan", "updated"),
    "plan.make_live": _thin("pricing_plan", "updated"),
    "plan.publish": _thin("pricing_plan", "updated"),
    "plan.restore": _thin("pricing_plan", "updated"),
    "plan.add_component": _version,
    "plan.change_component": _version,
    "plan.delete_component": _version,
    "licence_fee.create": _fee,
    "licence_fee.update": _fee,
    "licensed_item.create": _thin("licensed_item", "created"),
    "licensed_item.update": _thin("licensed_item", "updated"),
    "metered_item.create": _thin("metered_item", "created"),
    "metered_item.update": _thin("metered_item", "updated"),
    "rate_card.create": _card,
    "rate_card.rates": _card,
    "rate_card.overage_rate": _card,
    "rate_card.update": _thin("rate_card", "updated"),
    "billing_cadence.create": _thin("cadence", "created"),
    "billing_cadence.cancel": _thin("cadence", "canceled"),
    "invoice.draft": _snapshot("invoice", "created"),
    "invoice.issue": _issued,
    "invoice.pay": _paid,
    "invoice.credit": _credited,
    "invoice.fall_due": _snapshot("invoice", "overdue"),
    "invoice.write_off": _snapshot("invoice", "marked_uncollectible"),
    "invoice.void": _snapshot("invoice", "voided"),
    "payment.failed": _failed,
    "payment_intent.create": _snapshot("payment_intent", "created"),
    "payment_intent.ask": _snapshot("payment_intent", "requires_action"),
    "payment_intent.succeed": _snapshot("payment_intent", "succeeded"),
    "payment_intent.decline": _snapshot("payment_intent", "payment_failed"),
    "payment_intent.cancel": _snapshot("payment_intent", "canceled"),
    "customer.create": _snapshot("customer", "created"),
    "customer.update": _snapshot("customer", "updated"),
    "stripe_customer.update": _snapshot("customer", "updated"),
    "stripe_customer.delete": _snapshot("customer", "deleted"),
    "card.choose": _snapshot("customer", "updated"),
    "card.add": _method("attached"),
    "card.remove": _method("detached"),
    "clock.create": _snapshot("test_helpers.test_clock", "created"),
    "clock.advance": _snapshot("test_helpers.test_clock", "advancing"),
    "clock.delete": _snapshot("test_helpers.test_clock", "deleted"),
    "checkout_session.complete": _snapshot("checkout.session", "completed"),
    "checkout_session.expire": _snapshot("checkout.session", "expired"),
    "setup_intent.succeeded": _snapshot("setup_intent", "succeeded"),
    "credit.grant": _snapshot("billing.credit_grant", "created"),
    "credit.buy": _snapshot("billing.credit_grant", "created"),
    "credit.adjust": _GRANT_UPDATED,
    "credit.take_back": _GRANT_UPDATED,
    "credit.update": _GRANT_UPDATED,
    "stripe_credit_grant.update": _GRANT_UPDATED,
    "credit.expire": _GRANT_UPDATED,
    "credit.void": _GRANT_UPDATED,
    "meter.create": _snapshot("billing.meter", "created"),
    "meter.update": _meter,
    "meter.archive": _meter,
}
