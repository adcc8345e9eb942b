"""The brand: one row, or none while pages look as a server starts with; and what was uploaded for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select

from billing_sdk.server.domain.workspace import Brand, BrandFile, BrandTexts, FileKind
from billing_sdk.server.storage.tables.brand import brand, brand_files
from billing_sdk.server.storage.upsert import insert_new, upsert

ONLY = "brand"


class BrandRepository:
    """Keeps the brand, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Brand:
        """Return the brand; while nobody has decided anything, the usual look."""
        row = self._connection.execute(select(brand)).mappings().first()
        return Brand() if row is None else _from_row(row)

    def lock(self) -> Brand:
        """Return the brand, which nobody else changes before the transaction ends."""
        insert_new(self._connection, brand, _to_row(Brand()))
        return _from_row(self._connection.execute(select(brand).with_for_update()).mappings().one())

    def save(self, changed: Brand) -> None:
        """Store the brand; a file that it names no more goes as well."""
        values = _to_row(changed)
        self._connection.execute(upsert(self._connection, brand, values, values))
        self._connection.execute(delete(brand_files).where(brand_files.c.kind.not_in(list(changed.files))))

    def save_file(self, kind: FileKind, file: BrandFile, content: bytes) -> None:
        """Store the content of a file in the place of the one before."""
        values = {"kind": kind, **asdict(file), "content": content}
        self._connection.execute(upsert(self._connection, brand_files, values, values))

    def find_file(self, kind: str) -> tuple[BrandFile, bytes] | None:
        """Return a file with its content; None where there is none."""
        row = self._connection.execute(select(brand_files).where(brand_files.c.kind == kind)).mappings().first()
        if row is None:
            return None
        return BrandFile(row["media_type"], row["digest"], row["size_bytes"]), bytes(row["content"])


def _to_row(one: Brand) -> dict[str, Any]:
    return {"id": ONLY, **asdict(one)}


def _from_row(row: RowMapping) -> Brand:
    values = {name: value for name, value in row.items() if name != "id"}
    values["texts"] = {tag: BrandTexts(**texts) for tag, texts in row["texts"].items()}
    values["files"] = {kind: BrandFile(**file) for kind, file in row["files"].items()}
    return Brand(**values)
