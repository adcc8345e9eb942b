"""A line keeps what it is about by itself, and what the engine says around that as data, to be said in any language.

What lines are called in English stays the same to the letter: a name that can't be taken apart so that it is put
together again as it was stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
LINES = sa.table(
    "invoice_lines",
    sa.column("invoice_id", sa.String),
    sa.column("position", sa.Integer),
    sa.column("subject", sa.Text),
    sa.column("frames", sa.JSON),
    sa.column("derivation", sa.JSON),
)
CHARGES = sa.table("charges", sa.column("id", sa.String), sa.column("lines", sa.JSON))
INSTEAD_OF = re.compile(r"(.*), ([0-9]+) instead of ([0-9]+)", re.DOTALL)
ADJUSTED = ", adjusted"
UNUSED = "Unused time on "
TOP_UP = "Credit top-up"
BALANCE = {"Credit balance": "balance_used", "Kept as credit balance": "balance_kept"}
# An issued line never changes; this once it does, and the trigger that refuses it is set again as it was.
LIFT = {
    "postgresql": "DROP TRIGGER invoice_lines_never_change ON invoice_lines",
    "sqlite": "DROP TRIGGER invoice_lines_never_change",
}
SET_AGAIN = {
    "postgresql": (
        "CREATE TRIGGER invoice_lines_never_change BEFORE UPDATE ON invoice_lines FOR EACH ROW "
        "EXECUTE FUNCTION invoice_lines_never_change()"
    ),
    "sqlite": (
        "CREATE TRIGGER invoice_lines_never_change BEFORE UPDATE ON invoice_lines FOR EACH ROW "
        "WHEN EXISTS (SELECT 1 FROM invoices i JOIN customers c ON c.id = i.customer_id WHERE i.id = OLD.invoice_id "
        "AND i.status NOT IN ('gathering', 'draft', 'awaiting_usage', 'awaiting_sending')) "
        "BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END"
    ),
}

Frame = list[Any]
Named = tuple[str, list[Frame]]
Known = Mapping[tuple[str, int], Mapping[str, Any]]


def upgrade() -> None:
    """Take apart what lines are called, those of issued invoices as well, which nothing else ever changes."""
    connection = op.get_bind()
    op.execute(LIFT[connection.dialect.name])
    op.execute("ALTER TABLE invoice_lines RENAME COLUMN description TO subject")
    op.add_column("invoice_lines", sa.Column("frames", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    _take_lines_apart(connection)
    _take_charges_apart(connection)
    op.execute(SET_AGAIN[connection.dialect.name])


def _take_lines_apart(connection: sa.Connection) -> None:
    last = ""
    while True:
        some = sa.select(LINES.c.invoice_id).where(LINES.c.invoice_id > last).distinct()
        ids = connection.execute(some.order_by(LINES.c.invoice_id).limit(AT_ONCE)).scalars().all()
        if not ids:
            return
        last = ids[-1]
        found = connection.execute(sa.select(LINES).where(LINES.c.invoice_id.in_(ids))).mappings()
        rows = [dict(row) for row in found]
        known = {(row["invoice_id"], row["position"]): row for row in rows}
        changed = [
            {"of_invoice": row["invoice_id"], "at": row["position"], "subject": subject, "frames": frames}
            for row in rows
            for subject, frames in [_named(row["subject"], row["derivation"], _paid(row, known))]
            if frames
        ]
        if changed:
            its = (LINES.c.invoice_id == sa.bindparam("of_invoice"), LINES.c.position == sa.bindparam("at"))
            connection.execute(sa.update(LINES).where(*its), changed)


def _take_charges_apart(connection: sa.Connection) -> None:
    """Take the lines of charges apart whose outcome is not known yet."""
    for charge_id, lines in connection.execute(sa.select(CHARGES.c.id, CHARGES.c.lines)).all():
        known = {
            ("", at): {"subject": line["description"], "derivation": line["derivation"]}
            for at, line in enumerate(lines)
        }
        apart = list(_apart(lines, known))
        connection.execute(sa.update(CHARGES).where(CHARGES.c.id == charge_id).values(lines=apart))


def _apart(lines: list[dict[str, Any]], known: Known) -> Iterator[dict[str, Any]]:
    for line in lines:
        paid = _paid({"invoice_id": "", "derivation": line["derivation"]}, known)
        subject, frames = _named(line["description"], line["derivation"], paid)
        rest = {name: value for name, value in line.items() if name != "description"}
        yield {**rest, "subject": subject, "frames": frames}


def _paid(row: Mapping[str, Any], known: Known) -> tuple[str, Mapping[str, Any]] | None:
    """Return the name and the facts of the line that another one pays for, or charges units of."""
    number = str(row["derivation"].get("line", ""))
    found = known.get((row["invoice_id"], int(number) - 1)) if number.isdecimal() else None
    return None if found is None else (found["subject"], found["derivation"])


def _named(called: str, facts: Mapping[str, Any], paid: tuple[str, Mapping[str, Any]] | None) -> Named:
    """Return the subject of a line, and the frames around it from the inside out."""
    match facts.get("kind"):
        case "credit_balance" if called in BALANCE:
            return "", [[BALANCE[called], {}]]
        case "one_off" if "grant" in facts and called == TOP_UP:
            return "", [["top_up", {}]]
        case "tax" if called == f"{facts.get('name')} {facts.get('percent')} %":
            return facts["name"], [["tax", {"percent": facts["percent"]}]]
        case "unused_time" if called.startswith(UNUSED):
            return called.removeprefix(UNUSED), [["unused_time", {}]]
        case "discount" if called.startswith(f"Discount {facts.get('coupon')}: "):
            inner = called.removeprefix(f"Discount {facts['coupon']}: ")
            subject, frames = _charged(inner, facts.get("of"))
            return subject, [*frames, ["discount", {"coupon": facts["coupon"]}]]
        case "credit_grant" | "overage" if paid is not None and called.endswith(f": {paid[0]}"):
            subject, frames = _charged(paid[0], paid[1].get("kind"))
            return subject, [*frames, _paying(facts["kind"], called.removesuffix(f": {paid[0]}"))]
        case kind:
            return _charged(called, kind)


def _charged(called: str, kind: str | None) -> Named:
    if kind == "adjustment" and called.endswith(ADJUSTED):
        return called.removesuffix(ADJUSTED), [["adjusted", {}]]
    found = INSTEAD_OF.fullmatch(called) if kind == "licence_fee" else None
    if found is not None:
        return found[1], [["instead_of", {"now": found[2], "before": found[3]}]]
    return called, []


def _paying(kind: str, name: str) -> Frame:
    if kind == "overage":
        return ["overage", {"rate": name}]
    return ["top_up_used", {}] if name == TOP_UP else ["credit_grant", {"grant": name}]
