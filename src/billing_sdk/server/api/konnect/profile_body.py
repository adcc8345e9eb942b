"""Billing profiles as they come in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.api.konnect.customers import BillingAddress
from billing_sdk.server.api.konnect.values import (
    Description,
    ExternalKey,
    Instant,
    IsoDuration,
    Labels,
    Name,
    Ulid,
)
from billing_sdk.server.domain.collection import Supplier, TaxSettings
from billing_sdk.server.domain.periods import NO_TIME, Duration
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.known_tax_codes import referred_tax_code

# What this door takes for granted where a body leaves it out; other doors have defaults of their own.
LATE_USAGE = Duration(hours=1)
TERM = Duration(days=30)


class TaxId(Body):
    """A tax id."""

    code: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class SupplierAddresses(Body):
    """Where the supplier is."""

    billing_address: BillingAddress


class SupplierBody(Body):
    """Who bills; `id` is what it was shown with, and changes nothing."""

    id: str | None = None
    key: ExternalKey | None = None
    name: Annotated[str, Field(max_length=200)] | None = None
    tax_id: TaxId | None = None
    addresses: SupplierAddresses | None = None

    @property
    def supplier(self) -> Supplier:
        """The supplier as it stands on invoices.

        Raises:
            InvalidAddress, InvalidTaxId, InvalidRequest: a part of it can't be.
        """
        return Supplier(
            name=self.name or "",
            address=None if self.addresses is None else self.addresses.billing_address.address,
            tax_id=None if self.tax_id is None else self.tax_id.code,
        )


class AlignedWithSubscription(Body):
    """Invoices follow the periods of the subscription."""

    type: Literal["subscription"]


class RecurringPeriod(Body):
    """A period that comes again and again."""

    anchor: Instant
    interval: IsoDuration


class Anchored(Body):
    """Invoices follow a period of their own."""

    type: Literal["anchored"]
    recurring_period: RecurringPeriod


class Collection(Body):
    """When what is billed is gathered."""

    alignment: Annotated[AlignedWithSubscription | Anchored, Field(discriminator="type")] | None = None
    interval: IsoDuration = LATE_USAGE


class Invoicing(Body):
    """How an invoice comes about."""

    auto_advance: bool = True
    draft_period: IsoDuration = NO_TIME
    progressive_billing: bool = True
    subscription_end_proration_mode: Literal["bill_full_period", "bill_actual_period"] = "bill_actual_period"


class ChargedAutomatically(Body):
    """The customer's payment method is charged."""

    collection_method: Literal["charge_automatically"]


class SentInvoice(Body):
    """An invoice is sent, and paid by other means."""

    collection_method: Literal["send_invoice"]
    due_after: IsoDuration = TERM


class StripeTaxConfig(Body):
    """A tax code of Stripe's own; kept, and shown again."""

    code: Annotated[str, Field(pattern=r"^txcd_\d{8}$")]


class ExternalTaxConfig(Body):
    """A tax code of another system; kept, and shown again."""

    code: Annotated[str, Field(max_length=64)]


class TaxCodeReference(Body):
    """A tax code by its id."""

    id: Ulid


class TaxConfig(Body):
    """What counts where nothing else is said."""

    behavior: Literal["inclusive", "exclusive"] | None = None
    tax_code: TaxCodeReference | None = None
    tax_code_id: Ulid | None = None
    stripe: StripeTaxConfig | None = None
    external_invoicing: ExternalTaxConfig | None = None


class WorkflowTax(Body):
    """Whether there is tax."""

    enabled: bool = True
    enforced: bool = False
    default_tax_config: TaxConfig | None = None

    @model_validator(mode="after")
    def _check_enforced(self) -> WorkflowTax:
        if self.enforced and not self.enabled:
            raise PydanticCustomError("invalid", "enforced tax has to be enabled")
        return self


class Workflow(Body):
    """From what was used to what is paid."""

    collection: Collection = Field(default_factory=Collection)
    invoicing: Invoicing = Field(default_factory=Invoicing)
    payment: Annotated[ChargedAutomatically | SentInvoice, Field(discriminator="collection_method")] = Field(
        default_factory=lambda: ChargedAutomatically(collection_method="charge_automatically")
    )
    tax: WorkflowTax = Field(default_factory=WorkflowTax)


class AppReference(Body):
    """An app by its id."""

    id: Ulid


class Apps(Body):
    """What does the tax, the invoices and the payments; it is one app today."""

    tax: AppReference
    invoicing: AppReference
    payment: AppReference


class ProfileFields(Body):
    """What can be said of a profile."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    supplier: SupplierBody
    workflow: Workflow
    default: bool

    def fields(self, tx: UnitOfWork, app: PaymentApp) -> dict[str, Any]:
        """Return what billing goes by, as the use cases take it; the app does the tax where it is one of Stripe's.

        Raises:
            InvalidRequest: a part of it can't be.
        """
        workflow, tax = self.workflow, self.workflow.tax
        payment = workflow.payment
        found: dict[str, Any] = {
            "name": self.name,
            "supplier": self.supplier.supplier,
            "collection_method": payment.collection_method,
            "wait_for_late_usage": workflow.collection.interval,
            "wait_before_sending": workflow.invoicing.draft_period,
            "tax": TaxSettings(
                is_enabled=tax.enabled,
                is_enforced=tax.enforced,
                default_tax_code=self._tax_code(tx),
                behavior=(tax.default_tax_config and tax.default_tax_config.behavior) or "exclusive",
                provider="gateway" if app.type == "stripe" else "own",
            ),
        }
        if isinstance(payment, SentInvoice):
            found["due_after"] = payment.due_after
        return found

    @property
    def more(self) -> dict[str, Any]:
        """What only this door knows of it."""
        sent = self.model_dump(mode="json", include={"supplier", "workflow"}, exclude_none=True)
        sent["supplier"].pop("id", None)
        return sent

    def _tax_code(self, tx: UnitOfWork) -> str | None:
        config = self.workflow.tax.default_tax_config
        if config is None:
            return None
        ulid = config.tax_code_id if config.tax_code is None else config.tax_code.id
        if ulid is None:
            return None
        parameter = "workflow.tax.default_tax_config.tax_code.id"
        return referred_tax_code(tx, id_from_ulid("tax", ulid), parameter=parameter)


class NewProfile(ProfileFields):
    """A profile with its apps, which never change."""

    apps: Apps

    @property
    def app_id(self) -> str:
        """The app that does it all.

        Raises:
            InvalidRequest: there are several.
        """
        found = {self.apps.tax.id, self.apps.invoicing.id, self.apps.payment.id}
        if len(found) > 1:
            raise InvalidRequest("the apps of a profile have to be the same app", parameter="apps")
        return id_from_ulid("app", found.pop())
