"""Whether cards are typed into pages of this server, or left on the pages of the processor."""

from __future__ import annotations

from billing_sdk.errors import CardEntryNotAllowed
from billing_sdk.server.usecases.engine import Engine


def takes_cards(engine: Engine) -> bool:
    """Tell whether a card may be typed in here; it is known also while the processor is out of reach."""
    return engine.workspace.gateway in (None, "managed")


def require_card_entry(engine: Engine) -> None:
    """Refuse a card that somebody sends here although there is no form for one.

    Raises:
        CardEntryNotAllowed: the processor takes cards on its own pages.
    """
    if not takes_cards(engine):
        raise CardEntryNotAllowed("this server takes no card numbers")
