"""The gateway of a linked Stripe account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from billing_sdk.errors import CardEntryNotAllowed
from billing_sdk.money import Money
from billing_sdk.server.domain.tax import GatewayTax
from billing_sdk.server.gateways.bills import (
    Awaited,
    Bill,
    BillState,
    Charge,
    PaidBack,
    Payer,
    TaxByGateway,
)
from billing_sdk.server.gateways.cards import CardEntry, StoredCard
from billing_sdk.server.gateways.catalogue import CatalogueItem, PriceSync
from billing_sdk.server.gateways.objections import PaymentDispute, PaymentRefund
from billing_sdk.server.gateways.protocol import BillEvent
from billing_sdk.server.gateways.setups import PortalSession, PortalWanted, SetupSession, SetupWanted
from billing_sdk.server.gateways.stripe import (
    bill_states,
    catalogue,
    checkout,
    collecting,
    drafts,
    methods,
    objections,
    portal,
    refunds,
    tax,
)
from billing_sdk.server.gateways.stripe.link import StripeLink

TAKES_CARDS: Final = False


@dataclass(frozen=True, slots=True)
class StripeGateway(StripeLink):
    """Has bills paid at the account that an app links; what each of them does is said by the protocol."""

    @property
    def takes_cards(self) -> bool:
        """Card numbers are typed into Stripe's own pages only."""
        return TAKES_CARDS

    def store_card(self, card: CardEntry) -> StoredCard:  # noqa: ARG002 - the protocol's; it is not looked at
        """Refuse a card: its number is not to reach this server.

        Raises:
            CardEntryNotAllowed: always.
        """
        raise CardEntryNotAllowed("cards are entered on Stripe's own page")

    def collect(self, bill: Bill, *, idempotency_key: str) -> Charge | Awaited:
        """Collect a bill from its payment method."""
        return collecting.collect(self, bill, attempt_id=idempotency_key)

    def withdraw(self, bill_id: str) -> None:
        """Let nobody pay a bill that came to nothing."""
        bill_states.withdraw(self, bill_id)

    def quote(self, bill: Bill) -> tuple[GatewayTax, ...] | None:
        """Return the taxes of a bill, which has its draft at Stripe from then on."""
        return tax.taxes_for(self, bill, drafts.prepare(self, bill))

    def send(self, bill: Bill) -> BillState:
        """Have Stripe send a bill that is paid by other means, or comes to nothing."""
        return bill_states.send(self, bill)

    def follow(self, bill: Bill, event: BillEvent) -> BillState:
        """Make known at Stripe what has become of a bill here."""
        return bill_states.follow(self, bill, event)

    def look_up(self, bill_id: str) -> BillState | None:
        """Return how a bill stands at Stripe."""
        return bill_states.look_up(self, bill_id)

    def refund(self, *, reference: str, amount: Money, idempotency_key: str) -> PaidBack:
        """Pay back some or all of a payment."""
        return refunds.refund(self, reference=reference, amount=amount, refund_id=idempotency_key)

    def find_dispute(self, reference: str) -> PaymentDispute | None:
        """Return a dispute or a warning of fraud, as it stands at Stripe."""
        return objections.find_dispute(self, reference)

    def find_refund(self, reference: str) -> PaymentRefund | None:
        """Return a refund as it stands at Stripe, whoever has asked for it."""
        return objections.find_refund(self, reference)

    def refunds_of(self, payment_reference: str) -> tuple[PaymentRefund, ...]:
        """Return all refunds of a payment at Stripe, the oldest first."""
        return objections.refunds_of(self, payment_reference)

    def bill_paid_by(self, payment_reference: str) -> str | None:
        """Return our id of the bill that a payment was made for."""
        return objections.bill_paid_by(self, payment_reference)

    def begin_setup(self, payer: Payer, wanted: SetupWanted) -> SetupSession:
        """Begin a checkout session in which a payer leaves a payment method."""
        return checkout.begin_setup(self, payer, wanted)

    def look_up_setup(self, session_id: str) -> SetupSession:
        """Return a checkout session as it stands at Stripe."""
        return checkout.look_up_setup(self, session_id)

    def open_portal(self, payer: Payer, wanted: PortalWanted) -> PortalSession:
        """Open Stripe's portal for a payer."""
        return portal.open_portal(self, payer, wanted)

    def find_method(self, payer: Payer, token: str | None) -> StoredCard | None:
        """Return a payment method of a payer at Stripe; without a token the default one there."""
        return methods.find_method(self, payer, token)

    def knows_payer(self, payer: Payer) -> bool:
        """Tell whether Stripe still has the customer that stands for a payer."""
        return methods.knows_payer(self, payer)

    def link(self, payer: Payer, payer_reference: str, token: str | None) -> StoredCard | None:
        """Let a customer that Stripe knows already stand for a payer."""
        return methods.link_payer(self, payer, payer_reference, token)

    def publish(self, item: CatalogueItem) -> tuple[PriceSync, ...]:
        """Bring a product and its prices at Stripe in line with the catalogue."""
        return catalogue.publish_item(self, item)

    def retire(self, item_id: str) -> None:
        """Let a product be sold no more at Stripe."""
        catalogue.retire_item(self, item_id)

    def check_payer(self, payer: Payer, *, sends_invoices: bool, tax: TaxByGateway) -> None:
        """Let a payer pass who could be collected from, as far as Stripe knows."""
        methods.check_payer(self, payer, sends_invoices=sends_invoices, tax=tax)

    def prefer_method(self, payer: Payer, token: str) -> None:
        """Make a payment method the default one at Stripe as well."""
        methods.prefer_method(self, payer, token)

    def detach_method(self, token: str) -> None:
        """Let nobody be charged by a payment method any more."""
        methods.detach_method(self, token)
