"""What is sent to make a plan, or another version of one."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from billing_sdk.server.api.kinde.component_schema import COMPONENT
from billing_sdk.server.api.kinde.envelope import Body
from billing_sdk.server.domain.catalog import Phase, Trial, VersionContent
from billing_sdk.server.domain.catalog.documents import component_from_document
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.domain.periods import Alignment, Cadence
from billing_sdk.server.ids import new_id

Components = list[Any]
LISTED: dict[str, Any] = {"items": COMPONENT}
COMPONENTS = """What is charged and included: `licence_fee`, `rate`, `credit_grant` and `entitlement` documents, such as
`{"kind": "licence_fee", "key": "base", "name": "Base fee", "currency": "USD",
"terms": {"price": {"model": "flat", "amount": "2900"}}}`; amounts are exact minor units, as text."""


class TrialBody(Body):
    """Days at the start for which nothing is charged."""

    days: int = Field(default=30, ge=1, le=3_660)
    requires_payment_method: bool = True
    remind_days_before: int = Field(default=3, ge=0, le=3_660)


class PhaseBody(Body):
    """What the first so many billing periods have in place of the components."""

    key: str = Field(max_length=64)
    name: str = Field(max_length=200)
    periods: int = Field(ge=1, le=1_200)
    components: Components = Field(max_length=200, description=COMPONENTS, json_schema_extra=LISTED)


class NewVersion(Body):
    """A version: what customers agree to. It never changes."""

    components: Components = Field(default=[], max_length=200, description=COMPONENTS, json_schema_extra=LISTED)
    cadence: str = Field(default="month", max_length=32, description="`day`, `week`, `month`, `3 months`, `year`.")
    trial: TrialBody | None = None
    opening_phases: list[PhaseBody] = Field(default=[], max_length=50)
    alignment: Alignment | None = None
    metadata: dict[str, str] = Field(default={}, max_length=50)

    @property
    def content(self) -> VersionContent:
        """What the version holds.

        Raises:
            InvalidRequest, InvalidPrice, InvalidTiers, InvalidAmount, InvalidCadence: a component can't be read; the
                fact `parameter` or `member` is its path.
        """
        return VersionContent(
            components=_components(self.components, "components"),
            cadence=Cadence.from_text(self.cadence),
            trial=Trial(**self.trial.model_dump()) if self.trial else None,
            opening_phases=tuple(
                Phase(
                    phase.key,
                    phase.name,
                    phase.periods,
                    _components(phase.components, f"opening_phases[{place}].components"),
                )
                for place, phase in enumerate(self.opening_phases)
            ),
            alignment=self.alignment,
            metadata=self.metadata,
        )


class NewPlan(Body):
    """A draft and its first version; without a group, in the default one of the scope."""

    code: str = Field(max_length=64)
    name: str = Field(max_length=200)
    group_code: str | None = Field(default=None, max_length=64)
    scope: CustomerKind = "user"
    description: str = Field(default="", max_length=2_000)
    kind: Literal["plan", "add_on"] = "plan"
    version: NewVersion = NewVersion()
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] = Field(default={}, max_length=50)


class PlanChange(Body):
    """What to change; what is not named stays. An empty `lookup_key` takes it away.

    `takes_lookup_key` lets it be taken from the plan that has it.
    """

    code: str | None = Field(default=None, max_length=64)
    name: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2_000)
    lookup_key: str | None = Field(default=None, max_length=200)
    takes_lookup_key: bool = False
    metadata: dict[str, str] | None = Field(default=None, max_length=50)


class LiveVersion(Body):
    """Which version is sold from now on: the number of one, or the latest."""

    version: int | None = Field(default=None, ge=1, le=10**9)


def _components(documents: Components, path: str) -> tuple[Any, ...]:
    return tuple(
        component_from_document(document, path=f"{path}[{place}]", new_id=new_id("component"))
        for place, document in enumerate(documents)
    )
