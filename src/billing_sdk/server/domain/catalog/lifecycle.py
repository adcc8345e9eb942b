"""Everything that can happen to a plan's status is in this table, and nothing else may change one."""

from __future__ import annotations

from typing import Literal

from billing_sdk.errors import AlreadyPublished, PlanArchived, PlanNotPublished

PlanStatus = Literal["draft", "published", "archived"]
PlanEvent = Literal["publish", "archive", "withdraw", "restore", "reopen"]

TRANSITIONS: dict[tuple[PlanStatus, PlanEvent], PlanStatus] = {
    ("draft", "publish"): "published",
    ("published", "archive"): "archived",
    # What was never for sale can be put away as well by whoever can take it out again.
    ("draft", "withdraw"): "archived",
    ("published", "withdraw"): "archived",
    ("archived", "restore"): "published",
    ("archived", "reopen"): "draft",
}


def after(status: PlanStatus, event: PlanEvent) -> PlanStatus:
    """Return the status that an event leads to.

    Raises:
        AlreadyPublished: a published plan is published or restored.
        PlanNotPublished: a draft is archived or restored.
        PlanArchived: the plan has been archived; nothing changes it before it is restored.
    """
    found = TRANSITIONS.get((status, event))
    if found is not None:
        return found
    if status == "archived":
        raise PlanArchived("the plan is archived")
    if status == "draft":
        raise PlanNotPublished("the plan is a draft")
    raise AlreadyPublished("the plan is published already")
