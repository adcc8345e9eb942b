"""Plan versions as rows, and back; any query may join them in its `version_` columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping

from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.catalog.documents import (
    component_from_document,
    document_of_component,
    document_of_phase,
    document_of_trial,
    phase_from_document,
    trial_from_document,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage.attachments import REFERS, AttachmentRepository
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.catalog import plan_versions

VERSION_COLUMNS = [*(column.label(f"version_{column.name}") for column in plan_versions.c), REFERS]


def version_to_row(version: PlanVersion) -> dict[str, Any]:
    """Return the row of a version."""
    return {
        **row_of(version),
        "components": [document_of_component(component) for component in version.components],
        "cadence": str(version.cadence),
        "trial": None if version.trial is None else document_of_trial(version.trial),
        "opening_phases": [document_of_phase(phase) for phase in version.opening_phases],
        "metadata": dict(version.metadata),
    }


def versions_from_rows(connection: Connection, rows: Sequence[RowMapping]) -> tuple[PlanVersion, ...]:
    """Return the versions in the `version_` columns of rows, with the objects that they refer to."""
    own = [version_from_row(row) for row in rows]
    referring = [version for version, row in zip(own, rows, strict=True) if row["version_refers"]]
    if not referring:
        return tuple(own)
    complete = {version.id: version for version in AttachmentRepository(connection).resolve(referring)}
    return tuple(complete.get(version.id, version) for version in own)


def version_from_row(row: RowMapping) -> PlanVersion:
    """Return the version in the `version_` columns of a row, without the objects that it refers to."""
    trial = row["version_trial"]
    return PlanVersion(
        id=row["version_id"],
        plan_key=row["version_plan_key"],
        number=row["version_number"],
        currency=row["version_currency"],
        components=tuple(component_from_document(stored) for stored in row["version_components"]),
        created_at=row["version_created_at"],
        cadence=Cadence.from_text(row["version_cadence"]),
        trial=None if trial is None else trial_from_document(trial),
        opening_phases=tuple(phase_from_document(stored) for stored in row["version_opening_phases"]),
        alignment=row["version_alignment"],
        metadata=row["version_metadata"],
        is_billed_by_customer=row["version_is_billed_by_customer"],
    )
