"""Ids of what a subscription has of one rate card, or of one licence fee: the digits of both ids, one after the other.

So nothing has to be kept for them: `rcds_test_<32 hex of the subscription><32 hex of the rate card>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple

from pydantic import GetCoreSchemaHandler, SerializationInfo
from pydantic_core import CoreSchema, core_schema

from billing_sdk.server.api.stripe.ids import unknown
from billing_sdk.server.api.stripe.rendering import Rendering


class Pair(NamedTuple):
    """The two ids.

    Attributes:
        subscription_id: of the subscription.
        object_id: of the rate card or the licence fee.
    """

    subscription_id: str
    object_id: str


# By the kind: how its ids begin, and how those of the objects do here.
KINDS: Final = {"rate_card_subscription": ("rcds", "card"), "license_fee_subscription": ("licfs", "fee")}
SHOWN: Final = re.compile(r"([a-z]{1,10})_(?:test_)?([0-9a-f]{32})([0-9a-f]{32})", re.ASCII)


def shown_pair(kind: str, pair: Pair, *, is_live: bool) -> str:
    """Return the id as clients see it."""
    digits = "".join(one.rpartition("_")[2] for one in pair)
    return f"{KINDS[kind][0]}_{'' if is_live else 'test_'}{digits}"


def read_pair(kind: str, text: str) -> Pair:
    """Return the ids that a client's id stands for.

    Raises:
        NotFound: no id of the kind has such a form.
    """
    prefix, ours = KINDS[kind]
    match = SHOWN.fullmatch(text)
    if match is None or match[1] != prefix:
        raise unknown(kind, text)
    return Pair(f"agreement_{match[2]}", f"{ours}_{match[3]}")


@dataclass(frozen=True, slots=True)
class ShownAsPair:
    """Makes a member of a view such an id."""

    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a pair that is rendered as an id."""
        del source, handler
        rendering = core_schema.plain_serializer_function_ser_schema(
            self._render, info_arg=True, return_schema=core_schema.str_schema()
        )
        return core_schema.is_instance_schema(Pair, serialization=rendering)

    def _render(self, pair: Pair, info: SerializationInfo[Any]) -> str:
        return shown_pair(self.kind, pair, is_live=Rendering.of(info).is_live)


CardSubscriptionId = Annotated[Pair, ShownAsPair("rate_card_subscription")]
FeeSubscriptionId = Annotated[Pair, ShownAsPair("license_fee_subscription")]
