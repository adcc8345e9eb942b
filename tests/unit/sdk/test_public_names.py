"""The public names: exactly these, and each of them says what it is."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import resources

import pytest

import billing_sdk

PUBLIC = """
__version__ AccessClaims AccountStanding Address AgreedAddOn AgreedDiscount AgreedEntitlement Agreement
AgreementCancelled AgreementCreated AgreementPaused AgreementReference AgreementRenewed AgreementResumed
AgreementUpdated AsyncClient Attachment AuthUrl BillingCustomer BillingPolicies BillingProfile BillingSettings
CardContent CardRate ChangePreview ChargeLine Client ClientSettings ComposedPlan Config Coupon CreatedOrganization
CreatedUser Credit CreditBalance CreditEntry CreditExpired CreditGrant CreditGranted CreditLow CreditMovement
CreditNoteIssued CreditSettings CreditUsedUp CreditVoided CustomerDetails DayOfUsage Dunning DunningEnded DunningPolicy
DunningStarted Entitlement EntitlementSnapshot errors Event EventCredit EventCreditNote EventDunning EventGrant
EventInvoice EventPayment EventPlan EventRefund EventType EventUsage Explanation Feature Flow IdClaims Invoice
InvoiceCollection InvoiceHeld InvoiceIssued InvoiceOverdue InvoiceTax InvoiceUncollectible InvoiceVoided Journal KeySet
KeyStatus LicenceFee LicensedItem MarkedUsage MemorySeen MeteredItem MeterUsageUpdated MigratedAgreement Migration
Money NextCharge NextInvoice Numbering ObjectVersion Organization OtherLine Owner PaymentAttempt PaymentFailed
PaymentSucceeded PendingChange Permission Plan PlanAssigned PlanChanged PlanComponent PlanCreated PlanGroup PlanPhase
PlanTrial PlanVersion PortalLink PricingCard PricingTable Profile RateCard read_key_set RefundFailed RefundSucceeded
Reservation RevenueRow RevenueTable Role SeenStore ServiceAction SignedIn SignInOptions SignInTransaction Snapshots
SqliteSeen StatementLine SubjectKey SubscribedPlan Supplier TaxCode TaxRate TaxSettings TestClock TokenSet TopUpStopped
TrialBalance TrialEnding UnknownEvent UpcomingInvoice UsageBehind User WebhookDelivery WebhookEndpoint WebhookPolicy
AllowanceBalance AllowanceGrant AllowanceHistory AllowanceSegment AllowanceShare AllowanceWindow UsageThresholds
CancellationDecided CancellationRequested EventCancellation
EntitlementChanged EventAccess EventUsageThreshold UsageThresholdReached
PaymentActionRequired PaymentMethod
Dispute EventDispute PaymentDisputed PaymentDisputeClosed PaymentFraudWarned
CreditedLine CreditNote Refund AsyncUsageBuffer RecordedEvent UsageBuffer UsageEvent
EventCorrection Meter MeterCondition StoredUsageEvent UsageWindow
""".split()


def test_exactly_these_names_are_public() -> None:
    submodules = {name for name, value in vars(billing_sdk).items() if inspect.ismodule(value)} - {"errors"}
    hidden = {name for name in dir(billing_sdk) if name.startswith("_") and name != "__version__"}
    found = set(dir(billing_sdk)) - submodules - hidden - {"annotations", "import_module", "TYPE_CHECKING"}
    assert sorted(found) == sorted(PUBLIC)


def test_an_import_of_everything_brings_the_public_names() -> None:
    brought: dict[str, object] = {}
    exec("from billing_sdk import *", brought)  # nowhere else can a test say it
    assert set(PUBLIC) <= brought.keys()
    assert "annotations" not in brought  # of the language, and no name of ours


def test_the_modules_of_the_public_names_are_there_as_well() -> None:
    program = "import billing_sdk; assert billing_sdk.webhooks.SqliteSeen is billing_sdk.SqliteSeen"
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)


def test_a_name_that_there_is_not_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Clientele'"):
        _ = billing_sdk.Clientele  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "module", ["billing_sdk", "billing_sdk.errors", "billing_sdk.money", "billing_sdk.testing.plugin"]
)
def test_what_needs_no_client_does_not_load_one(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({{'billing_sdk.client', 'jwt'}} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == ""


def test_every_public_class_says_what_it_is() -> None:
    classes = [value for name in PUBLIC if inspect.isclass(value := getattr(billing_sdk, name))]
    assert [found.__name__ for found in classes if not found.__doc__] == []
    operations = [
        (noun, verb)
        for noun, found in vars(billing_sdk.Client(issuer="https://id.example", client_id="a")).items()
        for verb in dir(found)
        if not verb.startswith("_") and callable(getattr(found, verb)) and not getattr(found, verb).__doc__
    ]
    assert operations == []


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (resources.files("billing_sdk") / "py.typed").is_file()
