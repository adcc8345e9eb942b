"""Everything that can happen to an agreement's status is in this table, and nothing else may change one."""

from __future__ import annotations

from typing import Literal

from billing_sdk.errors import AgreementNotLive

AgreementStatus = Literal["active", "replaced", "cancelled"]
AgreementEvent = Literal["replace", "cancel"]

LIVE: frozenset[AgreementStatus] = frozenset({"active"})

TRANSITIONS: dict[tuple[AgreementStatus, AgreementEvent], AgreementStatus] = {
    ("active", "replace"): "replaced",
    ("active", "cancel"): "cancelled",
}


def after(status: AgreementStatus, event: AgreementEvent) -> AgreementStatus:
    """Return the status that an event leads to.

    Raises:
        AgreementNotLive: the agreement has ended.
    """
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise AgreementNotLive(f"the agreement is {status} and can't {event}") from None
