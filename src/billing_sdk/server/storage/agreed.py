"""Agreements as rows, as JSON, and back.

A charge that is pending keeps the whole agreement that it pays for, as JSON; the table keeps the same values in
columns, of which those that hold more than one value are JSON too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import (
    AgreedAddOn,
    AgreedDiscount,
    Agreement,
    NumberChange,
    PendingCancellation,
    PendingChange,
)
from billing_sdk.server.domain.periods import Cadence, Period
from billing_sdk.server.storage.rows import row_of

INSTANTS = (
    "anchor",
    "started_at",
    "billed_until",
    "ended_at",
    "trial_ends_at",
    "cancel_at",
    "paused_at",
    "suspended_at",
    "version_since",
)


def agreement_to_row(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement's columns."""
    return {
        **row_of(agreement),
        "cadence": str(agreement.cadence),
        "cancellation": row_of(agreement.cancellation) if agreement.cancellation else None,
        "pending_change": _pending_to_json(agreement.pending_change) if agreement.pending_change else None,
        "quantities": dict(agreement.quantities),
        "metadata": dict(agreement.metadata),
        "add_ons": [_add_on_to_json(add_on) for add_on in agreement.add_ons],
        "discounts": [discount_to_json(discount) for discount in agreement.discounts],
        "number_changes": [{**row_of(change), "at": change.at.isoformat()} for change in agreement.number_changes],
        "billed_discounts": [discount_to_json(discount) for discount in agreement.billed_discounts],
        "pauses": [[pause.start.isoformat(), pause.end.isoformat()] for pause in agreement.pauses],
    }


def agreement_from_row(row: RowMapping | Mapping[str, Any]) -> Agreement:
    """Return the agreement in a row, which may have further columns."""
    return Agreement(
        id=row["id"],
        customer_id=row["customer_id"],
        group_id=row["group_id"],
        plan_key=row["plan_key"],
        plan_version_id=row["plan_version_id"],
        status=row["status"],
        currency=row["currency"],
        cadence=Cadence.from_text(row["cadence"]),
        anchor=row["anchor"],
        started_at=row["started_at"],
        billed_until=row["billed_until"],
        zone=row["zone"],
        ended_at=row["ended_at"],
        is_unpaid=row["is_unpaid"],
        trial_ends_at=row["trial_ends_at"],
        cancel_at=row["cancel_at"],
        cancellation=PendingCancellation(**row["cancellation"]) if row["cancellation"] else None,
        paused_at=row["paused_at"],
        suspended_at=row["suspended_at"],
        version_since=row["version_since"],
        next_version_id=row["next_version_id"],
        pending_change=_pending_from_json(row["pending_change"]) if row["pending_change"] else None,
        quantities=row["quantities"],
        add_ons=tuple(_add_on_from_json(add_on) for add_on in row["add_ons"]),
        discounts=tuple(discount_from_json(discount) for discount in row["discounts"]),
        number_changes=tuple(
            NumberChange(**{**change, "at": datetime.fromisoformat(change["at"])}) for change in row["number_changes"]
        ),
        billed_discounts=tuple(discount_from_json(discount) for discount in row["billed_discounts"]),
        pauses=tuple(Period(*map(datetime.fromisoformat, pause)) for pause in row["pauses"]),
        billing_cadence_id=row["billing_cadence_id"],
        metadata=row.get("metadata") or {},
        first_id=row.get("first_id"),
    )


def agreement_to_json(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement in JSON values."""
    row = agreement_to_row(agreement)
    return {**row, **{name: row[name] and row[name].isoformat() for name in INSTANTS}}


def agreement_from_json(stored: Mapping[str, Any]) -> Agreement:
    """Return the agreement that was stored as JSON."""
    instants = {name: stored[name] and datetime.fromisoformat(stored[name]) for name in INSTANTS}
    # What was stored before pauses and cadences were kept knows of none.
    return agreement_from_row({"pauses": [], "billing_cadence_id": None, **stored, **instants})


def _pending_to_json(pending: PendingChange) -> dict[str, Any]:
    return {
        **row_of(pending),
        "at": pending.at.isoformat(),
        "anchor": pending.anchor and pending.anchor.isoformat(),
        "quantities": dict(pending.quantities),
        "add_ons": dict(pending.add_ons),
    }


def _pending_from_json(stored: Mapping[str, Any]) -> PendingChange:
    anchor = stored.get("anchor")  # changes from before it was kept have none
    at = datetime.fromisoformat(stored["at"])
    return PendingChange(**{**stored, "at": at, "anchor": anchor and datetime.fromisoformat(anchor)})


def _add_on_to_json(add_on: AgreedAddOn) -> dict[str, Any]:
    return {**row_of(add_on), "added_at": add_on.added_at and add_on.added_at.isoformat()}


def _add_on_from_json(stored: Mapping[str, Any]) -> AgreedAddOn:
    added_at = stored.get("added_at")  # agreements from before it was kept have none
    return AgreedAddOn(**{**stored, "added_at": added_at and datetime.fromisoformat(added_at)})


def discount_to_json(discount: AgreedDiscount) -> dict[str, Any]:
    """Return a discount in JSON values."""
    percent, amount = discount.percent_off, discount.amount_off
    return {
        "coupon_key": discount.coupon_key,
        "percent_off": None if percent is None else f"{percent:f}",
        "amount_off": None if amount is None else {"minor": amount.minor, "currency": amount.currency},
        "periods_left": discount.periods_left,
        "plan_keys": list(discount.plan_keys),
    }


def discount_from_json(stored: Mapping[str, Any]) -> AgreedDiscount:
    """Return the discount that was stored as JSON."""
    percent, amount = stored["percent_off"], stored["amount_off"]
    return AgreedDiscount(
        coupon_key=stored["coupon_key"],
        percent_off=None if percent is None else Decimal(percent),
        amount_off=None if amount is None else Money(amount["minor"], amount["currency"]),
        periods_left=stored["periods_left"],
        plan_keys=tuple(stored.get("plan_keys", ())),  # agreements from before it was kept have none
    )
