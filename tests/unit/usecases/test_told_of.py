"""What is told of what is recorded: no act is forgotten, and no row of the table waits for one that nobody records."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from billing_sdk.money import Money
from billing_sdk.server import usecases
from billing_sdk.server.domain.invoicing import Invoice, one_off_line
from billing_sdk.server.storage.audit import Recorded
from billing_sdk.server.usecases.told_of import TABLE, told_of

ACTION = re.compile(r"([a-z_]+)\.([a-z_]*)")
RECORDERS = frozenset({"record", "_save", "_changed"})
# Acts on things that events show, of which there is none of Stripe's types, and why.
SILENT = {
    "billing_cadence.update": "there is no type for it",
    "card.update": "what a gateway says of a card, which nobody has changed here",
    "card.use": "a card that is charged once is no payment method of the customer",
    "checkout_session.create": "there is no type for it",
    "clock.choose": "by which clock a customer lives",
    "credit.settle": "when it was paid for is not shown",
    "credit.top_up_stopped": "top-ups are another door's",
    "credit.unwatch": "top-ups are another door's",
    "credit.watch": "top-ups are another door's",
    "customer.link": "an identity of another door",
    "customer.unlink": "an identity of another door",
    "invoice.add_line": "there is no type for drafts that change",
    "invoice.discard": "a draft that is gone was never issued",
    "invoice.hold": "it is told of when it is issued",
    "invoice.remove_line": "there is no type for drafts that change",
    "payment.mismatch": "for whoever runs the server",
    "payment.succeeded": "its invoice or payment intent tells of it",
    "payment.surplus": "its invoice tells of it",
    "payment.use": "its invoice tells of it",
    "payment_intent.confirm": "what comes of it is told",
    "payment_intent.refund": "there is no type for refunds",
    "payment_intent.update": "there is no type for it",
    "payment_intent.withdraw": "what it was withdrawn for is told",
    "plan.reorder": "where a plan stands in a table of prices",
    "stripe_customer.create": "the customer is told of",
}


@cache
def recorded() -> frozenset[str]:
    """Return the actions that use cases record; `plan.` stands for those that are put together."""
    return frozenset(action for file in Path(usecases.__file__).parent.glob("*.py") for action in _in_file(file))


def _in_file(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if (
            isinstance(node, ast.Call)
            and (getattr(node.func, "attr", None) or getattr(node.func, "id", "")) in RECORDERS
        ):
            for part in (part for argument in node.args for part in ast.walk(argument)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and ACTION.fullmatch(part.value):
                    yield part.value


def test_every_act_on_what_events_show_is_told_or_is_silent_for_a_reason() -> None:
    kinds = {action.partition(".")[0] for action in TABLE}
    acts = {action for action in recorded() if action.partition(".")[0] in kinds and not action.endswith(".")}
    assert acts - TABLE.keys() == SILENT.keys()


def test_no_row_of_the_table_waits_for_an_act_that_nobody_records() -> None:
    put_together = {action.removesuffix(".") for action in recorded() if action.endswith(".")} | {"setup_intent"}
    waiting = {action for action in TABLE if action not in recorded() and action.partition(".")[0] not in put_together}
    assert waiting == set()


@pytest.mark.parametrize(("credited", "told"), [(700, ["invoice.paid"]), (699, [])])
def test_an_invoice_of_which_a_credit_note_leaves_nothing_is_told_of_as_paid(credited: int, told: list[str]) -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC)
    lines = (one_off_line("Setup", Money(700, "USD"), at=at),)
    owed = Invoice("invoice_1", "INV-000001", "customer_1", None, "issued", "USD", lines, at)
    after = owed.credited_by(Money(credited, "USD"))
    assert [one.type for one in told_of(Recorded("invoice.credit", owed.id, at, owed, after))] == told
