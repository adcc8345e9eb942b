"""Everything that can happen to an agreement's status is in this table, and nothing else may change one.

A renewal changes no status, and neither does a change or a cancellation that is only planned.
"""

from __future__ import annotations

from typing import Literal

from billing_sdk.errors import AgreementNotLive, AgreementPaused, NotPausable, NotPaused

AgreementStatus = Literal["trialing", "active", "paused", "replaced", "cancelled"]
AgreementEvent = Literal["end_trial", "pause", "resume", "replace", "cancel"]

# One of these is held at most for each customer and plan group; only some of them include what the plan includes.
LIVE: frozenset[AgreementStatus] = frozenset({"trialing", "active", "paused"})
GRANTING: frozenset[AgreementStatus] = frozenset({"trialing", "active"})

TRANSITIONS: dict[tuple[AgreementStatus, AgreementEvent], AgreementStatus] = {
    ("trialing", "end_trial"): "active",
    ("trialing", "replace"): "replaced",
    ("trialing", "cancel"): "cancelled",
    ("active", "pause"): "paused",
    ("active", "replace"): "replaced",
    ("active", "cancel"): "cancelled",
    ("paused", "resume"): "active",
    ("paused", "replace"): "replaced",
    ("paused", "cancel"): "cancelled",
}


def after(status: AgreementStatus, event: AgreementEvent) -> AgreementStatus:
    """Return the status that an event leads to.

    Raises:
        AgreementNotLive: the agreement has ended, or is past the point where this could happen.
        AgreementPaused: it is paused already.
        NotPaused: it isn't paused, so it can't be resumed.
        NotPausable: it is in its trial.
    """
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise _refusal(status, event) from None


def _refusal(
    status: AgreementStatus, event: AgreementEvent
) -> AgreementNotLive | AgreementPaused | NotPausable | NotPaused:
    if status not in LIVE:
        return AgreementNotLive(f"the agreement is {status} and can't {event}")
    match event:
        case "resume":
            return NotPaused(f"the agreement is {status}")
        case "pause" if status == "trialing":
            return NotPausable("the agreement is in its trial")
        case "pause":
            return AgreementPaused("the agreement is paused already")
        case _:
            return AgreementNotLive(f"the agreement is {status} and can't {event}")
