"""What every payment processor can do."""

from __future__ import annotations

from typing import Literal, Protocol

from billing_sdk.money import Money
from billing_sdk.server.domain.tax import GatewayTax
from billing_sdk.server.domain.workspace import GatewayKind
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
from billing_sdk.server.gateways.setups import PortalSession, PortalWanted, SetupSession, SetupWanted

# What became of a bill here, which the processor is to know.
BillEvent = Literal["paid_elsewhere", "void", "uncollectible"]


class Gateway(Protocol):
    """Keeps payment methods, collects bills and pays money back.

    Each of them may raise `GatewayUnreachable` and `GatewayUnauthorized`, after which nothing is known; whatever is
    asked once more with the same ids happens once. No transaction may be open while one is asked.

    Attributes:
        kind: which one it is.
        takes_cards: whether a card may be typed into pages of this server.
    """

    @property
    def kind(self) -> GatewayKind: ...  # noqa: D102 - said above

    @property
    def takes_cards(self) -> bool: ...  # noqa: D102 - said above

    def store_card(self, card: CardEntry) -> StoredCard:
        """Keep a card for charges to come.

        Raises:
            CardEntryNotAllowed: the gateway takes cards on its own pages only.
            CardRefused: this is not a card that the gateway takes.
            CardDeclined: the bank refuses the card; `decline_code` says why.
        """
        ...

    def collect(self, bill: Bill, *, idempotency_key: str) -> Charge | Awaited:
        """Collect a bill. A key that was used before gets its answer, and nothing is collected again.

        Args:
            bill: what is to be paid; it has a token.
            idempotency_key: names this attempt; each later attempt at the same bill has another one.

        Raises:
            CardDeclined: the bank refuses the charge; `decline_code` says why.
            GatewayRefused: the processor does not take such a bill.
        """
        ...

    def withdraw(self, bill_id: str) -> None:
        """Let nobody pay a bill that came to nothing, such as that of a change that was declined."""
        ...

    def quote(self, bill: Bill) -> tuple[GatewayTax, ...] | None:
        """Return the taxes of a bill; None where the processor can't work them out, and the bill may go without.

        Raises:
            TaxLocationMissing: they can't be, and the bill must not go without.
        """
        ...

    def send(self, bill: Bill) -> BillState:
        """Make a bill known that is paid by other means, or comes to nothing; the processor sends it to the payer.

        Raises:
            GatewayRefused: the processor does not take such a bill.
        """
        ...

    def follow(self, bill: Bill, event: BillEvent) -> BillState:
        """Make known what has become of a bill here, and return how it stands then; it can be repeated.

        What is paid or void there stays so, and a bill that is not known there is made known first.

        Raises:
            GatewayRefused: the processor does not take such a bill, or less is owed there than here.
        """
        ...

    def look_up(self, bill_id: str) -> BillState | None:
        """Return how a bill stands, fetched from the processor; None where it knows none."""
        ...

    def refund(self, *, reference: str, amount: Money, idempotency_key: str) -> PaidBack:
        """Pay back some or all of a charge. A key that was used before gets its first answer, and nothing more is paid.

        Args:
            reference: of the charge.
            amount: in the currency of the charge.
            idempotency_key: names this refund.

        Raises:
            RefundTooLarge: it is more than what is left of the charge.
            RefundDeclined: the money can't go back to where it came from; `decline_code` says why.
        """
        ...

    def find_dispute(self, reference: str) -> PaymentDispute | None:
        """Return a dispute of a payment, fetched from the processor; None where it knows none."""
        ...

    def find_refund(self, reference: str) -> PaymentRefund | None:
        """Return a refund, fetched from the processor, whoever has asked for it; None where it knows none."""
        ...

    def refunds_of(self, payment_reference: str) -> tuple[PaymentRefund, ...]:
        """Return all refunds of a payment or of a charge for it, fetched from the processor, the oldest first."""
        ...

    def bill_paid_by(self, payment_reference: str) -> str | None:
        """Return our id of the bill that a payment was made for; None where it is none of ours."""
        ...

    def begin_setup(self, payer: Payer, wanted: SetupWanted) -> SetupSession:
        """Begin a session in which a payer leaves a payment method on the processor's own page."""
        ...

    def look_up_setup(self, session_id: str) -> SetupSession:
        """Return a session, or a setup of its own that somebody has completed, fetched from the processor.

        Raises:
            NotFound: the processor knows none.
        """
        ...

    def open_portal(self, payer: Payer, wanted: PortalWanted) -> PortalSession:
        """Open the page where a payer looks after payment methods."""
        ...

    def find_method(self, payer: Payer, token: str | None) -> StoredCard | None:
        """Return a payment method of a payer, fetched from the processor; without a token its default there."""
        ...

    def knows_payer(self, payer: Payer) -> bool:
        """Tell whether the processor still has what stands for a payer there."""
        ...

    def link(self, payer: Payer, payer_reference: str, token: str | None) -> StoredCard | None:
        """Let a customer that the processor knows already stand for a payer, and return how it pays.

        Args:
            payer: ours.
            payer_reference: the processor's own id of the customer.
            token: of its payment method; its default there where it is not given.

        Raises:
            UnknownPayer: the account has no such customer.
            UnknownPayerMethod: the customer has no such payment method.
        """
        ...

    def prefer_method(self, payer: Payer, token: str) -> None:
        """Make a payment method the processor's default for a payer as well.

        Raises:
            UnknownPayerMethod: the payer has no such payment method there.
        """
        ...

    def detach_method(self, token: str) -> None:
        """Let the processor forget a payment method; nothing where it has done so already."""
        ...

    def publish(self, item: CatalogueItem) -> tuple[PriceSync, ...]:
        """Bring what a processor knows of a thing that is sold in line with the catalogue; it can be repeated."""
        ...

    def retire(self, item_id: str) -> None:
        """Let a thing be sold no more; nothing where the processor does not know it."""
        ...

    def check_payer(self, payer: Payer, *, sends_invoices: bool, tax: TaxByGateway) -> None:
        """Let a payer pass who could be collected from, as far as the processor knows.

        Raises:
            CustomerNotCollectable: the processor could not bill it; the fact `reason` says why.
        """
        ...


class Gateways(Protocol):
    """The gateways of a server, one of each kind."""

    def named(self, kind: GatewayKind) -> Gateway:
        """Return a gateway.

        Raises:
            BillingNotEnabled: billing is off.
            GatewayNotConnected: no account is linked with it that takes charges.
        """
        ...
