"""What bill settings and collection settings are sent as, and what they mean to the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final, Literal, TypedDict

from pydantic import Field

from billing_sdk.errors import InvalidCadence
from billing_sdk.server.api.stripe.bodies import Body
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import DisplayName, Int64, LookupKey
from billing_sdk.server.domain.collection import BillTerms, CollectionTerms
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.engine import Engine

Interval = Literal["day", "week", "month", "year"]
Word = Annotated[str, Field(min_length=1, max_length=100)]
LONGEST_TERMS_YEARS: Final = 3
CONFIGURATION: Final = "pmc_"


class Labels(TypedDict):
    """The labels of a setting that change; see `update_setting`."""

    name: str | None
    lookup_key: str | None


class TaxBody(Body):
    """How tax is calculated."""

    type: Literal["automatic", "manual"]


class CalculationBody(Body):
    """How totals are calculated."""

    tax: TaxBody | None = None


class TimeUntilDueBody(Body):
    """How long an invoice may be paid."""

    interval: Interval
    interval_count: Int64


class InvoiceBody(Body):
    """How invoices are made."""

    time_until_due: TimeUntilDueBody | None = None


class SettingBody(Body):
    """What can be said of any setting."""

    display_name: DisplayName | None = None
    lookup_key: LookupKey | None = None

    def labels(self) -> Labels:
        """Return the labels that change; null takes one away."""
        given = self.model_fields_set
        return {
            "name": (self.display_name or "") if "display_name" in given else None,
            "lookup_key": (self.lookup_key or "") if "lookup_key" in given else None,
        }


class NewBillSetting(SettingBody):
    """A bill setting."""

    calculation: CalculationBody | None = None
    invoice: InvoiceBody | None = None
    invoice_rendering_template: Word | None = None


class ChangedBillSetting(NewBillSetting):
    """What changes of a bill setting; what is left out stays as it is."""

    live_version: str | None = None


class PaymentDueBody(Body):
    """Whether a customer is told that a payment is due."""

    enabled: bool
    include_payment_link: bool = False


class EmailDeliveryBody(Body):
    """Which mails a customer gets."""

    payment_due: PaymentDueBody | None = None


class BankTransferBody(Body):
    """How a bank transfer is made."""

    type: Word | None = None
    eu_bank_transfer: dict[str, str] | None = None


class CustomerBalanceBody(Body):
    """How a customer's cash balance is paid into."""

    bank_transfer: BankTransferBody | None = None
    funding_type: Word | None = None


class CardMandateBody(Body):
    """A mandate for a card."""

    amount: Int64 | None = None
    amount_type: Word | None = None
    description: Annotated[str, Field(max_length=500)] | None = None


class CardBody(Body):
    """How cards are charged."""

    mandate_options: CardMandateBody | None = None
    network: Word | None = None
    request_three_d_secure: Word | None = None


class DebitMandateBody(Body):
    """A mandate for a debit."""

    transaction_type: Word | None = None


class DebitBody(Body):
    """How a debit is made."""

    mandate_options: DebitMandateBody | None = None
    verification_method: Word | None = None


class ConnectionFiltersBody(Body):
    """Which accounts can be connected."""

    account_subcategories: list[Word] | None = None


class ConnectionsBody(Body):
    """What is asked of connected accounts."""

    filters: ConnectionFiltersBody | None = None
    permissions: list[Word] = Field(default_factory=list)
    prefetch: list[Word] = Field(default_factory=list)


class USBankAccountBody(Body):
    """How a bank account in the United States is charged."""

    financial_connections: ConnectionsBody | None = None
    verification_method: Word | None = None


class BancontactBody(Body):
    """How Bancontact speaks to a customer."""

    preferred_language: Word | None = None


class NothingBody(Body):
    """A method without options."""


class PaymentMethodOptionsBody(Body):
    """What is said to each kind of payment method."""

    acss_debit: DebitBody | None = None
    bancontact: BancontactBody | None = None
    card: CardBody | None = None
    customer_balance: CustomerBalanceBody | None = None
    konbini: NothingBody | None = None
    sepa_debit: NothingBody | None = None
    us_bank_account: USBankAccountBody | None = None


class NewCollectionSetting(SettingBody):
    """A collection setting."""

    collection_method: Literal["automatic", "charge_automatically", "send_invoice"] | None = None
    email_delivery: EmailDeliveryBody | None = None
    payment_method_configuration: Word | None = None
    payment_method_options: PaymentMethodOptionsBody | None = None


class ChangedCollectionSetting(NewCollectionSetting):
    """What changes of a collection setting; what is left out stays as it is."""

    live_version: str | None = None


def bill_terms_of(body: NewBillSetting, before: BillTerms | None = None) -> BillTerms:
    """Return what a bill setting says after a change.

    Raises:
        InvalidRequest: invoices can't be due so late, or before they are issued.
    """
    terms, given = before or BillTerms(), body.model_fields_set
    if "calculation" in given:
        tax = None if body.calculation is None else body.calculation.tax
        terms = replace(terms, is_tax_automatic=None if tax is None else tax.type == "automatic")
    if "invoice" in given:
        terms = replace(terms, due_after=_due_after(body.invoice))
    if "invoice_rendering_template" in given:
        terms = replace(terms, rendering_template=body.invoice_rendering_template)
    return terms


def check_tax(engine: Engine, terms: BillTerms) -> None:
    """Let terms pass whose tax can be worked out.

    Raises:
        InvalidRequest: tax is automatic, and nobody knows where the business is.
    """
    if not terms.is_tax_automatic:
        return
    with engine.read() as tx:
        profile = tx.billing_profiles.default()
    if profile.supplier.address is None and profile.tax.provider == "own":
        raise refused(
            "automatic_tax_no_merchant_location",
            "Nobody knows where your business is, which automatic tax depends on",
            param="calculation.tax.type",
            remedy="Enter the address of the supplier in the default billing profile.",
        )


def collection_terms_of(body: NewCollectionSetting, before: CollectionTerms | None = None) -> CollectionTerms:
    """Return what a collection setting says after a change.

    Raises:
        InvalidRequest: mails do not go with the method, or there is no such configuration.
    """
    terms, given = before or CollectionTerms(), body.model_fields_set
    if "collection_method" in given:
        terms = replace(terms, method="send_invoice" if body.collection_method == "send_invoice" else METHOD)
    if "email_delivery" in given:
        due = None if body.email_delivery is None else body.email_delivery.payment_due
        terms = replace(terms, email_payment_due=None if due is None else due.model_dump())
    if "payment_method_configuration" in given:
        terms = replace(terms, payment_method_configuration=_configuration(body.payment_method_configuration))
    if "payment_method_options" in given:
        terms = replace(terms, payment_method_options=_options(body.payment_method_options))
    if terms.email_payment_due is not None and terms.email_payment_due["enabled"] and terms.method == METHOD:
        raise refused(
            "email_delivery_incompatible_with_collection_method",
            "Customers whose cards are charged are not told that a payment is due",
            param="email_delivery.payment_due.enabled",
            remedy="Leave it out, or set collection_method to send_invoice.",
        )
    return terms


METHOD: Final = "charge_automatically"


def _due_after(body: InvoiceBody | None) -> Cadence | None:
    due = None if body is None else body.time_until_due
    if due is None:
        return None
    try:
        found = Cadence(due.interval, due.interval_count)
    except InvalidCadence:
        found = None
    if found is None or found.is_longer_than(Cadence("year", LONGEST_TERMS_YEARS)):
        raise refused(
            "invalid_bill_setting_time_until_due",
            f"An invoice is due one day to {LONGEST_TERMS_YEARS} years after it is issued",
            param="invoice.time_until_due.interval_count",
        )
    return found


def _configuration(text: str | None) -> str | None:
    if text is not None and not text.startswith(CONFIGURATION):
        raise refused(
            "payment_method_configuration_not_found_for_collection_setting",
            f"No such payment method configuration: '{text}'",
            param="payment_method_configuration",
        )
    return text


def _options(body: PaymentMethodOptionsBody | None) -> dict[str, Any]:
    return {} if body is None else body.model_dump(mode="json", exclude_unset=True)
