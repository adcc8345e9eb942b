"""Ids on the wire: `cus_<32 hex>` for our `customer_<32 hex>`, and so on for everything that this door shows.

The digits are the same, so that nothing has to be looked up. Ids of v2, and a few of v1, say in a test environment that
they are of one: `bli_test_<32 hex>`; both forms are understood everywhere.

A view holds our ids, in members of the types below (`RateCardId`), and how they are shown is settled when the view is
rendered. What comes in goes through `ours`; a parameter of a path is `Annotated[str, path_id("rate_card")]`. An id of
another form, such as the key of a plan that was made through another door, is shown as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

from fastapi import Depends
from pydantic import GetCoreSchemaHandler, PlainSerializer, SerializationInfo
from pydantic_core import CoreSchema, core_schema
from starlette.requests import Request

from billing_sdk.errors import NotFound
from billing_sdk.server.api.stripe.rendering import Rendering


class Prefix(NamedTuple):
    """How ids of a kind begin: here, and on the wire.

    Attributes:
        ours: in this server, without the underscore.
        shown: on the wire, likewise.
        has_test: whether an id says that it is of a test environment.
    """

    ours: str
    shown: str
    has_test: bool = True


# What kinds of things have ids here; a kind is also its name in codes such as `rate_card_not_found`.
Kind: TypeAlias = Literal[
    "customer",
    "payment_method",
    "payment_intent",
    "setup_intent",
    "charge",
    "refund",
    "unused_refund",
    "invoice_payment",
    "checkout_session",
    "invoice",
    "invoice_line_item",
    "test_clock",
    "meter",
    "meter_event_adjustment",
    "meter_event_session",
    "credit_grant",
    "credit_balance_transaction",
    "custom_pricing_unit",
    "custom_pricing_unit_overage_rate",
    "billable_item",
    "license_fee",
    "license_fee_version",
    "rate_card",
    "rate_card_version",
    "rate_card_rate",
    "service_action",
    "pricing_plan_version",
    "pricing_plan_component",
    "pricing_plan_subscription",
    "billing_cadence",
    "billing_profile",
    "bill_setting",
    "bill_setting_version",
    "collection_setting",
    "collection_setting_version",
    "billing_intent",
    "billing_intent_action",
    "invoice_discount_rule",
    "event",
    "event_destination",
    "webhook_endpoint",
]
PREFIXES: Final[Mapping[Kind, Prefix]] = {
    "customer": Prefix("customer", "cus", has_test=False),
    "payment_method": Prefix("card", "pm", has_test=False),
    "payment_intent": Prefix("intentpayment", "pi", has_test=False),
    "setup_intent": Prefix("intentsetup", "seti", has_test=False),
    "charge": Prefix("payment", "ch", has_test=False),
    "refund": Prefix("refund", "re", has_test=False),
    "unused_refund": Prefix("refundunused", "re", has_test=False),
    "invoice_payment": Prefix("payment", "inpay", has_test=False),
    "checkout_session": Prefix("checkoutsession", "cs"),
    "invoice": Prefix("invoice", "in", has_test=False),
    "invoice_line_item": Prefix("line", "il", has_test=False),
    "test_clock": Prefix("clock", "clock", has_test=False),
    "meter": Prefix("meter", "mtr"),
    "meter_event_adjustment": Prefix("meteradjustment", "mtr_event_adj"),
    "meter_event_session": Prefix("metersession", "mtrses"),
    "credit_grant": Prefix("grant", "credgr"),
    "credit_balance_transaction": Prefix("movement", "cbtxn"),
    "custom_pricing_unit": Prefix("unit", "cpu"),
    "custom_pricing_unit_overage_rate": Prefix("overage", "cpuor"),
    "billable_item": Prefix("item", "bli"),
    "license_fee": Prefix("fee", "licf"),
    "license_fee_version": Prefix("version", "licfv"),
    "rate_card": Prefix("card", "rcd"),
    "rate_card_version": Prefix("version", "rcdv"),
    "rate_card_rate": Prefix("rate", "rcdr"),
    "service_action": Prefix("action", "svca"),
    "pricing_plan_version": Prefix("version", "bppv"),
    "pricing_plan_component": Prefix("component", "bppc"),
    "pricing_plan_subscription": Prefix("agreement", "bpps"),
    "billing_cadence": Prefix("cadence", "bc"),
    "billing_profile": Prefix("payer", "bilp"),
    "bill_setting": Prefix("billset", "bblset"),
    "bill_setting_version": Prefix("billsetv", "bblsetv"),
    "collection_setting": Prefix("collset", "bclset"),
    "collection_setting_version": Prefix("collsetv", "bclsetv"),
    "billing_intent": Prefix("intent", "bilint"),
    "billing_intent_action": Prefix("intentaction", "bilinti"),
    "invoice_discount_rule": Prefix("discountrule", "bidr"),
    "event": Prefix("event", "evt", has_test=False),
    "event_destination": Prefix("webhook", "ed"),
    "webhook_endpoint": Prefix("webhook", "we", has_test=False),
}
OURS: Final = re.compile(r"([a-z_]{1,40})_([0-9a-f]{32}|default)", re.ASCII)
# Of kinds whose ids begin the same here, those that a message is about.
MEANT_IN_V1: Final[frozenset[Kind]] = frozenset({"payment_method", "webhook_endpoint"})
MEANT_IN_V2: Final[frozenset[Kind]] = frozenset({"rate_card", "event_destination"})
IN_WORDS: Final = re.compile(r"\b([a-z]{1,40})_[0-9a-f]{32}\b", re.ASCII)
SHOWN: Final = re.compile(r"([a-z_]{1,40}?)_(?:test_)?([0-9a-f]{32}|default)", re.ASCII)


def kind_named(name: str) -> Kind | None:
    """Return the kind of a name; None for what has no ids of ours."""
    return next((kind for kind in PREFIXES if kind == name), None)


def shown(kind: Kind, our_id: str, *, is_live: bool) -> str:
    """Return an id as clients see it; one of another form as it stands.

    Args:
        kind: one of `PREFIXES`.
        our_id: the thing's own id.
        is_live: whether this is a live environment.
    """
    prefix, match = PREFIXES[kind], OURS.fullmatch(our_id)
    if match is None or match[1] != prefix.ours:
        return our_id
    return f"{prefix.shown}_{'test_' if prefix.has_test and not is_live else ''}{match[2]}"


def ours(kind: Kind, text: str, *, param: str | None = None) -> str:
    """Return the id of ours that a client's id stands for.

    Args:
        kind: one of `PREFIXES`.
        text: what the client sent.
        param: where it was sent, for the refusal.

    Raises:
        NotFound: no id of that kind has such a form.
    """
    prefix, match = PREFIXES[kind], SHOWN.fullmatch(text)
    if match is None or match[1] != prefix.shown:
        raise unknown(kind, text, param=param)
    return f"{prefix.ours}_{match[2]}"


def unknown(kind: str, text: str, *, param: str | None = None) -> NotFound:
    """Return what to raise where there is no such thing; `text` is the id as the client wrote it."""
    facts = {} if param is None else {"parameter": param}
    return NotFound(f"No such {kind.replace('_', ' ')}: '{text[:80]}'", entity=kind, **facts)


@dataclass(frozen=True, slots=True)
class ShownAs:
    """Makes a member of a view an id: it holds ours, and is shown as clients know it."""

    kind: Kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a text that is rendered as an id."""
        del source, handler
        rendering = core_schema.plain_serializer_function_ser_schema(
            self._render, info_arg=True, return_schema=core_schema.str_schema()
        )
        return core_schema.str_schema(serialization=rendering)

    def _render(self, our_id: str, info: SerializationInfo[Any]) -> str:
        return shown(self.kind, our_id, is_live=Rendering.of(info).is_live)


CustomerId = Annotated[str, ShownAs("customer")]
PaymentMethodId = Annotated[str, ShownAs("payment_method")]
PaymentIntentId = Annotated[str, ShownAs("payment_intent")]
SetupIntentId = Annotated[str, ShownAs("setup_intent")]
ChargeId = Annotated[str, ShownAs("charge")]
InvoicePaymentId = Annotated[str, ShownAs("invoice_payment")]
CheckoutSessionId = Annotated[str, ShownAs("checkout_session")]
InvoiceId = Annotated[str, ShownAs("invoice")]
InvoiceLineId = Annotated[str, ShownAs("invoice_line_item")]
TestClockId = Annotated[str, ShownAs("test_clock")]
MeterId = Annotated[str, ShownAs("meter")]
MeterAdjustmentId = Annotated[str, ShownAs("meter_event_adjustment")]
MeterSessionId = Annotated[str, ShownAs("meter_event_session")]
CreditGrantId = Annotated[str, ShownAs("credit_grant")]
CreditTransactionId = Annotated[str, ShownAs("credit_balance_transaction")]
CustomUnitId = Annotated[str, ShownAs("custom_pricing_unit")]
OverageRateId = Annotated[str, ShownAs("custom_pricing_unit_overage_rate")]
BillableItemId = Annotated[str, ShownAs("billable_item")]
LicenceFeeId = Annotated[str, ShownAs("license_fee")]
LicenceFeeVersionId = Annotated[str, ShownAs("license_fee_version")]
RateCardId = Annotated[str, ShownAs("rate_card")]
RateCardVersionId = Annotated[str, ShownAs("rate_card_version")]
RateId = Annotated[str, ShownAs("rate_card_rate")]
ServiceActionId = Annotated[str, ShownAs("service_action")]
PlanVersionId = Annotated[str, ShownAs("pricing_plan_version")]
ComponentId = Annotated[str, ShownAs("pricing_plan_component")]
SubscriptionId = Annotated[str, ShownAs("pricing_plan_subscription")]
CadenceId = Annotated[str, ShownAs("billing_cadence")]
PayerProfileId = Annotated[str, ShownAs("billing_profile")]
BillSettingId = Annotated[str, ShownAs("bill_setting")]
BillSettingVersionId = Annotated[str, ShownAs("bill_setting_version")]
CollectionSettingId = Annotated[str, ShownAs("collection_setting")]
CollectionSettingVersionId = Annotated[str, ShownAs("collection_setting_version")]
IntentId = Annotated[str, ShownAs("billing_intent")]
IntentActionId = Annotated[str, ShownAs("billing_intent_action")]
DiscountRuleId = Annotated[str, ShownAs("invoice_discount_rule")]
EventId = Annotated[str, ShownAs("event")]
DestinationId = Annotated[str, ShownAs("event_destination")]
EndpointId = Annotated[str, ShownAs("webhook_endpoint")]


def _render_pair(pair: str, info: SerializationInfo[Any]) -> str:
    agreement_id, _, card_id = pair.partition("/")
    test = "" if Rendering.of(info).is_live else "test_"
    return f"rcds_{test}{agreement_id.rpartition('_')[2]}{card_id.rpartition('_')[2]}"


# The subscription of an agreement to a rate card of its plan: `agreement_<32 hex>/card_<32 hex>` in a view.
RateCardSubscriptionId = Annotated[str, PlainSerializer(_render_pair, return_type=str)]


def line_id(invoice_id: str, number: int) -> str:
    """Return the id of a line of an invoice as clients see it; the number of the first one is 1."""
    return f"il_{invoice_id.rpartition('_')[2]}{number:04x}"


def in_words(message: str, *, is_v1: bool, is_live: bool, code: str = "") -> str:
    """Return a message with the ids in it as clients know them.

    Args:
        message: what is told.
        is_v1: cards are ways to pay in v1, and prices in v2.
        is_live: whether it is a live environment.
        code: of the error; `rate_card_version_not_found` is about versions of rate cards.
    """

    def show(match: re.Match[str]) -> str:
        kinds = [kind for kind, prefix in PREFIXES.items() if prefix.ours == match[1]]
        if len(kinds) > 1:  # they begin the same
            told = [kind for kind in kinds if code.startswith(kind)]
            kinds = told or [kind for kind in kinds if kind in (MEANT_IN_V1 if is_v1 else MEANT_IN_V2)]
        return shown(kinds[0], match[0], is_live=is_live) if kinds else match[0]

    return IN_WORDS.sub(show, message)


def path_id(kind: Kind, name: str | None = None) -> Any:
    """Return what makes a parameter of a path an id of ours; see the module.

    Args:
        kind: one of `PREFIXES`.
        name: what the path calls it; `<kind>_id` where nothing is said.
    """
    name = name or f"{kind}_id"

    async def read(request: Request) -> str:
        return ours(kind, request.path_params[name])

    return Depends(read)
