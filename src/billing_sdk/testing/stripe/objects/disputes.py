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


def dispute(call: Call, charge: Json, reason: str) -> Json:
    """Open a dispute of a whole charge."""
    made: Json = {
        "id": call.state.ids.new("du"),
        "object": "dispute",
        "amount": charge["amount"],
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
        "status": "needs_response",
    }
    charge["disputed"] = True
    call.space.put("dispute", made)
    call.world.emit(call.space, "charge.dispute.created", made, call=call)
    call.world.emit(call.space, "charge.dispute.funds_withdrawn", made, call=call)
    return made


def close(call: Call, found: Json, status: str) -> None:
    """End a dispute: `won` or `lost`."""
    found["status"] = status
    call.world.emit(call.space, "charge.dispute.closed", found, call=call)
    if status == "won":
        call.world.emit(call.space, "charge.dispute.funds_reinstated", found, call=call)
