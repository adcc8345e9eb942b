"""What a renewal makes of an agreement."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.invoicing.deductions import with_period_discounted
from billing_sdk.server.domain.periods import calendar_anchor


def renewed(agreement: Agreement, following: PlanVersion) -> Agreement:
    """Return an agreement as it is when the period that starts at `billed_until` is billed.

    Args:
        agreement: as it was until then.
        following: the version that is in force from then on. Another cadence starts afresh: its periods are counted
            from that instant, or with the calendar, as the version says; one that is billed by a cadence of its
            customer stays with that.
    """
    at = agreement.billed_until
    return _followed(with_period_discounted(agreement), following, at).with_next_period_billed()


def trial_ended(agreement: Agreement, following: PlanVersion) -> Agreement:
    """Return an agreement as it is when its trial is over and its first period is billed.

    Args:
        agreement: as it was until then.
        following: the version that is in force from then on, as with a renewal.

    Raises:
        AgreementNotLive: it isn't in a trial.
    """
    return _followed(agreement, following, agreement.charged_from).with_trial_ended()


def _followed(agreement: Agreement, following: PlanVersion, at: datetime) -> Agreement:
    if following.id == agreement.plan_version_id:
        return replace(agreement, next_version_id=None)
    moved = replace(agreement, plan_version_id=following.id, next_version_id=None, version_since=at)
    if moved.billing_cadence_id is None and following.cadence != moved.cadence:
        aligned = following.alignment == "calendar"
        anchor = calendar_anchor(at, following.cadence, moved.zone) if aligned else at
        moved = replace(moved, cadence=following.cadence, anchor=anchor)
    return moved
