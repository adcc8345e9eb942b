"""Plan groups: plans of which a customer holds at most one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import PlanGroup
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/plan_groups"
ORDER = f"{MANAGEMENT}/billing/plan_group_order"
GROUP = one("plan_group", PlanGroup.read)


class PlanGroups(Resource[C]):
    """Plan groups; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[PlanGroup, ...]]:
        """Return every group in its order (extension)."""
        return every(PATH, "plan_groups", PlanGroup.read)

    @operation
    def get(self, code: str) -> Call[PlanGroup]:
        """Return one group (extension).

        Raises:
            UnknownPlanGroup: there is none with this code.
        """
        return Call("GET", f"{PATH}/{segment('code', code)}", GROUP, credential="machine")

    @operation
    def create(
        self,
        *,
        code: str,
        name: str,
        scope: Literal["user", "organization"],
        is_default: bool = False,
        idempotency_key: str | None = None,
    ) -> Call[PlanGroup]:
        """Make a group of plans for people or for organizations (extension).

        Raises:
            DuplicateKey: the code is taken.
        """
        body: dict[str, Any] = {"code": code, "name": name, "scope": scope, "is_default": is_default}
        return Call("POST", PATH, GROUP, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        code: str,
        *,
        name: str | None = None,
        is_default: Literal[True] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[PlanGroup]:
        """Change what is given and leave the rest; `is_default` takes the place of the default before it (extension).

        Raises:
            UnknownPlanGroup: there is none with this code.
        """
        body = given(name=name, is_default=is_default)
        path = f"{PATH}/{segment('code', code)}"
        return Call("PATCH", path, GROUP, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def reorder(self, codes: Sequence[str], *, idempotency_key: str | None = None) -> Call[None]:
        """Put all groups in an order (extension).

        Raises:
            InvalidRequest: the codes are not those of all groups, each once.
        """
        body = {"codes": [*codes]}
        return Call("POST", ORDER, done, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def reorder_plans(self, code: str, plan_codes: Sequence[str], *, idempotency_key: str | None = None) -> Call[None]:
        """Put all plans of a group in an order; pricing tables keep theirs (extension).

        Raises:
            UnknownPlanGroup: there is none with this code.
            InvalidRequest: the codes are not those of all plans of the group, each once.
        """
        body = {"codes": [*plan_codes]}
        path = f"{PATH}/{segment('code', code)}/plan_order"
        return Call("POST", path, done, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def delete(self, code: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Delete a group with its pricing tables and plans, where nobody has agreed to any of them (extension).

        Raises:
            UnknownPlanGroup: there is none with this code.
            GroupInUse: somebody has agreed to one of its plans.
        """
        path = f"{PATH}/{segment('code', code)}"
        return Call("DELETE", path, done, credential="machine", idempotency_key=idempotency_key)
