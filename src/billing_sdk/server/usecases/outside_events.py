"""What is done about events of a processor that are about payments which were made: they are disputed or paid back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.take_outside_dispute import take_outside_dispute
from billing_sdk.server.usecases.take_outside_refund import take_outside_refund, take_outside_refunds

# Given whose event it is and the processor's own id of what it is about, it returns what became of it.
Take = Callable[[Engine, GatewayKind, str], str]

OUTSIDE_EVENTS: Mapping[str, Take] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "charge.dispute.closed",
                "charge.dispute.created",
                "charge.dispute.funds_reinstated",
                "charge.dispute.funds_withdrawn",
                "charge.dispute.updated",
                "radar.early_fraud_warning.created",
                "radar.early_fraud_warning.updated",
            ),
            take_outside_dispute,
        ),
        **dict.fromkeys(("refund.created", "refund.failed", "refund.updated"), take_outside_refund),
        "charge.refunded": take_outside_refunds,
    }
)
