"""Payment methods of v1: cards of the published test numbers, or the tokens that stand for these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.stripe.addresses import AddressBody
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import ours, path_id, shown, unknown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.payment_method_view import MethodView
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Metadata, Whole, merged
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.gateways.test_tokens import TEST_TOKENS
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.stripe_payment_methods import (
    KIND,
    attach_stripe_method,
    create_stripe_method,
    detach_stripe_method,
    find_stripe_method,
    stripe_methods_of,
    update_stripe_method,
)
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

READ: Final = "read:billing_customers"
WRITE: Final = "update:billing_customers"
MethodIdInPath = Annotated[str, path_id(KIND)]
Short = Annotated[str, Field(max_length=512)]
# The last year that a card may expire in.
LAST_YEAR: Final = 2100


class BillingDetails(FormBody):
    """Who holds a card."""

    address: AddressBody | None = None
    email: Short | None = None
    name: Short | None = None
    phone: Short | None = None


class CardBody(FormBody):
    """A card: its number and what is printed on it, or the token of a test card."""

    number: Annotated[str, Field(max_length=32)] | None = None
    exp_month: Whole | None = None
    exp_year: Whole | None = None
    cvc: Annotated[str, Field(max_length=8)] | None = None
    token: Annotated[str, Field(max_length=100)] | None = None

    @property
    def entry(self) -> CardEntry | str:
        """What the gateway is to keep.

        Raises:
            InvalidRequest: it is neither a card nor a token, or both.
        """
        if self.token is not None and self.number is None:
            return self.token.replace("tok_", "pm_card_", 1) if self.token.startswith("tok_") else self.token
        if self.token is not None or self.number is None:
            raise InvalidRequest("a card has either a number or a token", parameter="card")
        if self.exp_month is None or self.exp_year is None:
            name = "exp_month" if self.exp_month is None else "exp_year"
            raise InvalidRequest(
                f"Missing required param: card[{name}].", parameter=f"card[{name}]", published_code="parameter_missing"
            )
        year = self.exp_year + 2000 if self.exp_year < 100 else self.exp_year
        return CardEntry(self.number, self.exp_month, year, self.cvc or "123")


class NewMethod(FormBody):
    """A payment method of nobody."""

    type: Literal["card"]
    card: CardBody
    billing_details: BillingDetails | None = None
    allow_redisplay: Literal["always", "limited", "unspecified"] | None = None
    metadata: Metadata | None = None


class MethodChange(FormBody):
    """What can be changed."""

    billing_details: BillingDetails | None = None
    allow_redisplay: Literal["always", "limited", "unspecified"] | None = None
    metadata: Metadata | None = None


class Attachment(FormBody):
    """Whose it becomes."""

    customer: str


class Nothing(FormBody):
    """A body that says nothing."""


class MethodFilters(Filters):
    """What payment methods can be filtered by."""

    customer: str | None = None
    type: Annotated[str, Field(max_length=64)] | None = None
    allow_redisplay: Literal["always", "limited", "unspecified"] | None = None


METHODS: Final = Listing(MethodFilters)


@router.post("/payment_methods", **v1("create:user_billing_customers"))
def create_payment_method(caller: CallerOf, body: NewMethod, once: OnlyOnce) -> Response:
    """Make a payment method of nobody."""
    card = body.card.entry
    details = {} if body.billing_details is None else body.billing_details.model_dump(exclude_none=True)

    def serve(engine: Engine) -> View:
        if isinstance(card, CardEntry):
            _check_expiry(card, engine.now())
        made = create_stripe_method(
            engine, card=card, billing_details=details, metadata=merged({}, body.metadata), actor=caller.client_id
        )
        return MethodView.of(made)

    return once(serve, body)


@router.get("/payment_methods", **v1(READ))
def list_payment_methods(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[MethodFilters], Depends(METHODS)]
) -> Response:
    """List the payment methods of a customer, the newest first."""
    if wanted.filters.customer is None:
        raise InvalidRequest(
            "Missing required param: customer.", parameter="customer", published_code="parameter_missing"
        )
    customer_id = ours("customer", wanted.filters.customer, param="customer")
    return _listed(engine, answer, wanted, customer_id)


@router.get("/customers/{customer_id}/payment_methods", **v1(READ))
def list_methods_of_customer(
    engine: EngineOf,
    answer: Answering,
    customer_id: Annotated[str, path_id("customer")],
    wanted: Annotated[Wanted[MethodFilters], Depends(METHODS)],
) -> Response:
    """List the payment methods of a customer, the newest first."""
    return _listed(engine, answer, wanted, customer_id)


@router.get("/customers/{customer_id}/payment_methods/{payment_method_id}", **v1(READ))
def get_method_of_customer(
    engine: EngineOf,
    answer: Answering,
    customer_id: Annotated[str, path_id("customer")],
    payment_method_id: MethodIdInPath,
) -> Response:
    """Get a payment method of a customer."""
    with engine.read() as tx:
        found = find_stripe_method(tx, payment_method_id)
    if found.customer_id != customer_id:
        raise unknown(KIND, shown(KIND, payment_method_id, is_live=answer.rendering.is_live))
    return answer(MethodView.of(found))


@router.get("/payment_methods/{payment_method_id}", **v1(READ))
def get_payment_method(engine: EngineOf, answer: Answering, payment_method_id: MethodIdInPath) -> Response:
    """Get a payment method, also one that was detached."""
    with engine.read() as tx:
        return answer(MethodView.of(find_stripe_method(tx, payment_method_id)))


@router.post("/payment_methods/{payment_method_id}", **v1(WRITE))
def update_payment_method(
    caller: CallerOf, payment_method_id: MethodIdInPath, body: MethodChange, once: OnlyOnce
) -> Response:
    """Change what is known of who holds it."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = find_stripe_method(tx, payment_method_id).extras
        details = {} if body.billing_details is None else body.billing_details.model_dump(exclude_unset=True)
        changed = update_stripe_method(
            engine,
            payment_method_id,
            billing_details={**before.data.get("billing_details", {}), **details},
            metadata=merged(before.metadata, body.metadata if "metadata" in body.model_fields_set else {}),
            actor=caller.client_id,
        )
        return MethodView.of(changed)

    return once(serve, body)


@router.post("/payment_methods/{reference}/attach", **v1(WRITE))
def attach_payment_method(caller: CallerOf, reference: str, body: Attachment, once: OnlyOnce) -> Response:
    """Make it a customer's; the token of a test card makes a new one."""
    customer_id = ours("customer", body.customer, param="customer")
    known = reference_of(reference)

    def serve(engine: Engine) -> View:
        return MethodView.of(attach_stripe_method(engine, customer_id, known, actor=caller.client_id))

    return once(serve, body)


@router.post("/payment_methods/{payment_method_id}/detach", **v1(WRITE))
def detach_payment_method(
    caller: CallerOf, payment_method_id: MethodIdInPath, body: Nothing, once: OnlyOnce
) -> Response:
    """Charge nobody by it any more."""

    def serve(engine: Engine) -> View:
        return MethodView.of(detach_stripe_method(engine, payment_method_id, actor=caller.client_id))

    return once(serve, body)


def reference_of(text: str, *, param: str | None = None) -> str:
    """Return what use cases know a payment method by: our id, or the token of a test card.

    Raises:
        NotFound: it is neither.
    """
    return text if text in TEST_TOKENS else ours(KIND, text, param=param)


def _check_expiry(card: CardEntry, at: datetime) -> None:
    """Let a card pass that counts to the end of this month at least.

    Raises:
        CardDeclined: its date is none, or has passed.
    """
    wrong = None
    if not 1 <= card.exp_month <= 12:
        wrong = "month"
    elif not (at.year, at.month) <= (card.exp_year, card.exp_month) or card.exp_year > LAST_YEAR:
        wrong = "year"
    if wrong is not None:
        raise refused(
            f"invalid_expiry_{wrong}",
            f"Your card's expiration {wrong} is invalid.",
            status=402,
            type="card_error",
            param=f"card[exp_{wrong}]",
            remedy="Use any date in the future.",
        )


def _listed(engine: Engine, answer: Answering, wanted: Wanted[MethodFilters], customer_id: str) -> Response:
    with engine.read() as tx:
        found = stripe_methods_of(tx, customer_id)
    kind, is_live = wanted.filters.type, answer.rendering.is_live
    found = [one for one in found if kind is None or (one.method is not None and one.method.kind == kind)]
    return answer(wanted.page(found, MethodView.of, place_of=lambda one: shown(KIND, one.id, is_live=is_live)))
