"""Features: what plans include, and code gates on."""

from __future__ import annotations

from typing import Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Feature
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/features"
FEATURE = one("feature", Feature.read)


class Features(Resource[C]):
    """Features of all plans; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[Feature, ...]]:
        """Return every feature (extension)."""
        return every(PATH, "features", Feature.read)

    @operation
    def get(self, code: str) -> Call[Feature]:
        """Return one feature (extension).

        Raises:
            UnknownFeature: there is none with this code.
        """
        return Call("GET", f"{PATH}/{segment('code', code)}", FEATURE, credential="machine")

    @operation
    def create(
        self,
        *,
        code: str,
        name: str,
        type: Literal["metered", "unmetered"],  # noqa: A002 - the name that it has on the wire
        unit_name: str | None = None,
        description: str | None = None,
        max_units: int | None = None,
        line_description: str | None = None,
        meter_key: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Feature]:
        """Make a feature; its code, name and type never change (extension).

        Args:
            code: what code gates on.
            name: what people see.
            type: `metered` where usage is counted.
            unit_name: what one unit of a metered feature is called.
            description: what it is, for operators.
            max_units: the limit of a plan that names none.
            line_description: what invoices say where a plan says nothing else.
            meter_key: the meter that counts its usage; without one it gets its own.
            idempotency_key: makes the call safe to repeat.

        Raises:
            DuplicateKey: the code is taken.
            NotFound: there is no such meter.
        """
        optional = given(
            unit_name=unit_name,
            description=description,
            max_units=max_units,
            line_description=line_description,
            meter_key=meter_key,
        )
        body = {"code": code, "name": name, "type": type, **optional}
        return Call("POST", PATH, FEATURE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        code: str,
        *,
        unit_name: str | None = None,
        description: str | None = None,
        max_units: int | None = None,
        line_description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Feature]:
        """Change what is given and leave the rest (extension).

        Raises:
            UnknownFeature: there is none with this code.
        """
        body = given(
            unit_name=unit_name, description=description, max_units=max_units, line_description=line_description
        )
        path = f"{PATH}/{segment('code', code)}"
        return Call("PATCH", path, FEATURE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def delete(self, code: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Delete a feature that no plan version names (extension).

        Raises:
            UnknownFeature: there is none with this code.
            FeatureInUse: a version of a plan names it.
        """
        path = f"{PATH}/{segment('code', code)}"
        return Call("DELETE", path, done, credential="machine", idempotency_key=idempotency_key)
