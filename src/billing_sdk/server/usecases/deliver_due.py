"""Deliver what is due: once, or for as long as the server runs."""

from __future__ import annotations

import asyncio
from functools import partial

from billing_sdk.server.outbox.dispatcher import Dispatcher
from billing_sdk.server.outbox.letter import Answer, Letter
from billing_sdk.server.outbox.sender import Sender
from billing_sdk.server.usecases.claim_deliveries import claim_deliveries
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.settle_delivery import settle_delivery


def deliver_due(engine: Engine) -> int:
    """Attempt everything that is due by the engine's clock, and return how many attempts that were.

    A customer's next event becomes due when the one before has arrived, and is attempted as well. For programs
    without a dispatcher, such as tests that move the time; not to be called inside of an event loop.
    """
    count = 0
    while letters := claim_deliveries(engine):
        for letter, answer in zip(letters, asyncio.run(_send(engine, letters)), strict=True):
            settle_delivery(engine, letter, answer)
        count += len(letters)
    return count


def create_dispatcher(engine: Engine) -> Dispatcher:
    """Return a dispatcher, not yet started, that hears of every commit in this process."""
    dispatcher = Dispatcher(
        claim=partial(claim_deliveries, engine),
        settle=partial(settle_delivery, engine),
        make_sender=partial(_make_sender, engine),
    )
    engine.bell.listen(dispatcher.wake)
    return dispatcher


async def _send(engine: Engine, letters: tuple[Letter, ...]) -> list[Answer]:
    sender = _make_sender(engine)
    return await asyncio.gather(*(sender.send(letter) for letter in letters))


def _make_sender(engine: Engine) -> Sender:
    return Sender(
        deadline_seconds=engine.settings.webhook_deadline_seconds,
        may_call_this_machine=engine.settings.may_call_this_machine,
    )
