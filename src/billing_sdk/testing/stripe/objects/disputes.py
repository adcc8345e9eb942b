"""Disputes: the holder of a card asks the bank for the money back."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

DAYS_TO_ANSWER = 7


@operation("GET /v1/disputes/{id}")
def retrieve(call: Call) -> Json:
    """Return a dispute."""
    return call.space.get("dispute", call.id)


@operation("GET /v1/disputes", "charge payment_intent", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List disputes, the newest first."""
    found = selected(call, call.space.all("dispute"), "charge", "payment_intent")
    return listed(found, "/v1/disputes", call.params)


@operation("POST /v1/disputes/{id}", "evidence.uncategorized_text submit metadata.*")
def answer(call: Call) -> Json:
    """Answer a dispute; the texts `winning_evidence` and `losing_evidence` decide it, as on the test accounts."""
    found = call.space.get("dispute", call.id)
    if found["status"] in ("won", "lost"):
        raise invalid("This dispute is already closed.", code="dispute_closed")
    found["metadata"] = call.metadata(found["metadata"])
    text = call.text("evidence.uncategorized_text")
    if text in ("winning_evidence", "losing_evidence"):
        close(call, found, "won" if text == "winning_evidence" else "lost")
    return found


@operation("POST /v1/disputes/{id}/close")
def give_in(call: Call) -> Json:
    """Give in to a dispute; it is lost."""
    found = call.space.get("dispute", call.id)
    close(call, found, "lost")
    return found


def dispute(call: Call, charge: Json, reason: str, *, amount: int | None = None, is_inquiry: bool = False) -> Json:
    """Open a dispute of a charge: of all of it unless an amount is given. One that only asks takes no money."""
    made: Json = {
        "id": call.state.ids.new("du"),
        "object": "dispute",
        "amount": charge["amount"] if amount is None else amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"uncategorized_text": None},
        "evidence_details": {
            "due_by": call.now + DAYS_TO_ANSWER * 24 * 3600,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": call.space.is_live,
        "metadata": {},
        "network_reason_code": None,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }
    charge["disputed"] = not is_inquiry
    call.space.put("dispute", made)
    call.world.emit(call.space, "charge.dispute.created", made, call=call)
    if not is_inquiry:
        call.world.emit(call.space, "charge.dispute.funds_withdrawn", made, call=call)
    return made


def move(call: Call, found: Json, status: str) -> None:
    """Let a dispute go on: `under_review`, or from an inquiry to a dispute, `needs_response`."""
    was_inquiry = found["status"].startswith("warning_")
    found["status"] = status
    call.world.emit(call.space, "charge.dispute.updated", found, call=call)
    if was_inquiry and not status.startswith("warning_"):
        call.space.get("charge", found["charge"])["disputed"] = True
        call.world.emit(call.space, "charge.dispute.funds_withdrawn", found, call=call)


def close(call: Call, found: Json, status: str) -> None:
    """End a dispute: `won` or `lost`; an inquiry ends as `warning_closed`."""
    found["status"] = status
    call.world.emit(call.space, "charge.dispute.closed", found, call=call)
    if status == "won":
        call.world.emit(call.space, "charge.dispute.funds_reinstated", found, call=call)
