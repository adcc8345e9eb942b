"""Plans, their versions, and the customers that move from one version to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import ComposedPlan, Document, Migration, Plan, PlanVersion
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/plans"
PLAN = one("plan", Plan.read)
VERSION = one("version", PlanVersion.read)
MIGRATION = one("migration", Migration.read)


class Plans(Resource[C]):
    """Plans; an extension that only our own server has. Takes the machine credentials.

    Components are what the reference lists: `licence_fee`, `rate`, `credit_grant` and `entitlement` documents, such as
    `{"kind": "licence_fee", "key": "base", "name": "Base fee", "currency": "USD",
    "terms": {"price": {"model": "flat", "amount": "2900"}}}`. Amounts are in minor units, exact, as text.
    """

    @operation
    def list(
        self,
        *,
        group_code: str | None = None,
        status: Literal["draft", "published", "archived"] | None = None,
        lookup_key: str | None = None,
    ) -> Flow[tuple[Plan, ...]]:
        """Return every plan, or those of a group or a status, or the one with a lookup key (extension)."""
        return every(PATH, "plans", Plan.read, **given(group_code=group_code, status=status, lookup_key=lookup_key))

    @operation
    def get(self, code: str) -> Call[Plan]:
        """Return one plan (extension).

        Raises:
            UnknownPlan: there is none with this code.
        """
        return Call("GET", _path(code), PLAN, credential="machine")

    @operation
    def create(
        self,
        *,
        code: str,
        name: str,
        group_code: str | None = None,
        components: Sequence[Mapping[str, Any]],
        description: str | None = None,
        kind: Literal["plan", "add_on"] = "plan",
        cadence: str = "month",
        trial: Mapping[str, Any] | None = None,
        opening_phases: Sequence[Mapping[str, Any]] = (),
        alignment: Literal["anniversary", "calendar"] | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Plan]:
        """Make a draft with its first version (extension); `publish` puts it on sale.

        Args:
            code: its key; it can't change once the plan is published.
            name: what customers see.
            group_code: key of the plan group; the default one for people if it is left out.
            components: what is charged and included.
            description: what customers read about it.
            kind: `add_on` for one that is bought beside a plan.
            cadence: how often it is billed: `day`, `week`, `month`, `3 months`, `year`.
            trial: `{"days": 30, "requires_payment_method": True, "remind_days_before": 3}`.
            opening_phases: what the first so many periods have in place of the components, in their order:
                `{"key": "half", "name": "Half price", "periods": 3, "components": [...]}`.
            alignment: whether periods start on the day of the sign-up or with the calendar.
            lookup_key: a second name that can be moved from plan to plan.
            metadata: your own facts about it.
            idempotency_key: makes the call safe to repeat.

        Raises:
            DuplicateKey: the code is taken.
            UnknownPlanGroup: there is no such group.
            UnknownFeature: a component names a feature that there is none of.
            InvalidPrice, InvalidTiers, InvalidAmount: a price makes no sense; the fact `member` says where.
            InvalidServiceInterval: a component is charged less often than the plan is billed.
            CurrencyMismatch: the components do not offer the same currencies.
        """
        version = _version(components, cadence, trial, opening_phases, alignment)
        optional = given(description=description, lookup_key=lookup_key, metadata=dict(metadata) if metadata else None)
        optional |= given(group_code=group_code)
        body = {"code": code, "name": name, "kind": kind, "version": version, **optional}
        return Call("POST", PATH, PLAN, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        code: str,
        *,
        new_code: str | None = None,
        name: str | None = None,
        description: str | None = None,
        lookup_key: str | None = None,
        takes_lookup_key: bool | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Plan]:
        """Change what is given and leave the rest; prices change with a new version only (extension).

        An empty `lookup_key` takes it away; `takes_lookup_key` lets it be taken from the plan that has it.

        Raises:
            UnknownPlan: there is none with this code.
            KeyLocked: a plan that was published keeps its code.
            LookupKeyTaken: another plan has the lookup key.
            PlanArchived: it is archived.
        """
        body = given(
            code=new_code,
            name=name,
            description=description,
            lookup_key=lookup_key,
            takes_lookup_key=takes_lookup_key,
            metadata=dict(metadata) if metadata is not None else None,
        )
        return Call("PATCH", _path(code), PLAN, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def versions(self, code: str) -> Call[tuple[PlanVersion, ...]]:
        """Return every version of a plan, the latest first (extension).

        Raises:
            UnknownPlan: there is none with this code.
        """

        def read(data: Any) -> tuple[PlanVersion, ...]:
            return Document(data, "answer").objects("versions", PlanVersion.read)

        return Call("GET", _path(code, "versions"), read, credential="machine")

    @operation
    def create_version(
        self,
        code: str,
        *,
        components: Sequence[Mapping[str, Any]],
        cadence: str = "month",
        trial: Mapping[str, Any] | None = None,
        opening_phases: Sequence[Mapping[str, Any]] = (),
        alignment: Literal["anniversary", "calendar"] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[PlanVersion]:
        """Make another version of a plan, which is not live yet; customers stay on theirs (extension).

        The arguments and errors are those of `create`.
        """
        body = _version(components, cadence, trial, opening_phases, alignment)
        path = _path(code, "versions")
        return Call("POST", path, VERSION, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def publish(self, code: str, *, idempotency_key: str | None = None) -> Call[Plan]:
        """Put a draft on sale with its latest version (extension).

        Raises:
            AlreadyPublished: it is on sale.
            EmptyVersion: its latest version has no components.
            CurrencyMismatch: it can't be bought in the default currency.
        """
        return _act(code, "publish", idempotency_key)

    @operation
    def archive(self, code: str, *, idempotency_key: str | None = None) -> Call[Plan]:
        """Sell a plan to nobody any more; who is on it stays (extension).

        Raises:
            PlanNotPublished: it is a draft.
        """
        return _act(code, "archive", idempotency_key)

    @operation
    def make_live(self, code: str, version: int | None = None, *, idempotency_key: str | None = None) -> Call[Plan]:
        """Sell a version of a published plan from now on, the latest if none is named (extension).

        Raises:
            VersionNotFound: the plan has no version of this number.
            EmptyVersion: it has no components.
            PlanNotPublished: the plan is a draft.
        """
        return _act(code, "live", idempotency_key, given(version=version))

    @operation
    def migrate(
        self,
        code: str,
        *,
        to_version: int,
        dry_run: bool,
        from_version: int | None = None,
        timing: Literal["period_end", "now"] = "period_end",
        is_prorate: bool | None = None,
        limit: int = 100,
        cursor: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Migration]:
        """Move customers to another version, one batch at a time (extension).

        Args:
            code: which plan.
            to_version: number of the version that they move to.
            dry_run: True tells each customer's next charge before and after, and changes nothing.
            from_version: only those who are on this version; on all older ones by default.
            timing: at their next billing date, or now.
            is_prorate: whether what was paid for the rest of the period is credited; None leaves it to the policy.
            limit: how many to look at, 500 at most.
            cursor: the `next_cursor` of the batch before.
            idempotency_key: makes the call safe to repeat.

        Raises:
            VersionNotFound: the plan has no version of this number.
        """
        body: dict[str, Any] = {"to_version": to_version, "dry_run": dry_run, "limit": limit}
        body |= given(from_version=from_version, is_prorate=is_prorate, cursor=cursor)
        if timing != "period_end":
            body["timing"] = timing
        path = _path(code, "migrations")
        return Call("POST", path, MIGRATION, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def attach(
        self,
        code: str,
        *,
        kind: Literal["licence_fee", "rate_card", "service_action"],
        object_id: str,
        version: str | None = None,
        lookup_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[ComposedPlan]:
        """Let a plan charge or grant what an object says (extension).

        A licence fee or a service action makes another version of the plan; a rate card counts for those who are on
        the latest version already.

        Args:
            code: which plan.
            kind: what the object is.
            object_id: its id or lookup key.
            version: which version of it: an id, `latest` or, by default, `live`.
            lookup_key: a name within the plan, by which an agreement keeps the quantity of a licence fee.
            idempotency_key: makes the call safe to repeat.

        Raises:
            UnknownPlan, NotFound: there is no such plan or object.
            Conflict: the plan has it already, or the rate card is not active.
            CurrencyMismatch: it is priced in another currency than the plan.
            InvalidServiceInterval: its interval is longer than the plan's cadence.
        """
        body = {"kind": kind, "object_id": object_id, **given(version=version, lookup_key=lookup_key)}
        path = _path(code, "components")
        return Call("POST", path, ComposedPlan.read, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def change_attached(
        self,
        code: str,
        component_id: str,
        *,
        version: str | None = None,
        lookup_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[ComposedPlan]:
        """Change which version of an object a plan refers to, in another version of the plan (extension).

        Raises:
            ComponentMissing: the plan has no such component attached.
            VersionNotFound: the object has no such version.
        """
        path = _path(code, f"components/{segment('component_id', component_id)}")
        body = given(version=version, lookup_key=lookup_key)
        return Call("POST", path, ComposedPlan.read, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def detach(self, code: str, component_id: str, *, idempotency_key: str | None = None) -> Call[ComposedPlan]:
        """Leave a component out of another version of the plan; customers on an older one keep it (extension).

        Raises:
            ComponentMissing: the plan has no such component attached.
        """
        path = _path(code, f"components/{segment('component_id', component_id)}")
        return Call("DELETE", path, ComposedPlan.read, credential="machine", idempotency_key=idempotency_key)


def _path(code: str, verb: str | None = None) -> str:
    path = f"{PATH}/{segment('code', code)}"
    return path if verb is None else f"{path}/{verb}"


def _act(code: str, verb: str, key: str | None, json: Mapping[str, Any] | None = None) -> Call[Plan]:
    return Call("POST", _path(code, verb), PLAN, json=json, credential="machine", idempotency_key=key)


def _version(
    components: Sequence[Mapping[str, Any]],
    cadence: str,
    trial: Mapping[str, Any] | None,
    opening_phases: Sequence[Mapping[str, Any]],
    alignment: str | None,
) -> dict[str, Any]:
    body: dict[str, Any] = {"components": [dict(component) for component in components], "cadence": cadence}
    if opening_phases:
        body["opening_phases"] = [dict(phase) for phase in opening_phases]
    return {**body, **given(trial=dict(trial) if trial else None, alignment=alignment)}
