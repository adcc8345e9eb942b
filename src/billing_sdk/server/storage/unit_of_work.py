"""The unit of work: one transaction, with a repository for each noun."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from billing_sdk._secret import Secret
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Rate
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.account_links import AccountLinkRepository
from billing_sdk.server.storage.agreements import AgreementRepository
from billing_sdk.server.storage.allowances import AllowanceRepository
from billing_sdk.server.storage.api_tokens import ApiTokenRepository
from billing_sdk.server.storage.applications import ApplicationRepository
from billing_sdk.server.storage.attachments import AttachmentRepository
from billing_sdk.server.storage.attempts import AttemptRepository
from billing_sdk.server.storage.audit import AuditRepository
from billing_sdk.server.storage.billing_cadences import BillingCadenceRepository, PayerProfileRepository
from billing_sdk.server.storage.billing_intents import BillingIntentRepository
from billing_sdk.server.storage.billing_profiles import BillingProfileRepository
from billing_sdk.server.storage.billing_settings import BillingSettingsRepository
from billing_sdk.server.storage.brand import BrandRepository
from billing_sdk.server.storage.cadence_discounts import CadenceDiscountRepository
from billing_sdk.server.storage.cadence_settings import CadenceSettingRepository, bill_terms, collection_terms
from billing_sdk.server.storage.catalog import CatalogRepository
from billing_sdk.server.storage.charges import ChargeRepository
from billing_sdk.server.storage.clocks import ClockRepository
from billing_sdk.server.storage.confirmations import ConfirmationRepository
from billing_sdk.server.storage.coupons import CouponRepository
from billing_sdk.server.storage.credit_history import CreditHistory
from billing_sdk.server.storage.credit_notes import CreditNoteRepository, RefundRepository
from billing_sdk.server.storage.credits import CreditRepository
from billing_sdk.server.storage.custom_units import CustomUnitRepository
from billing_sdk.server.storage.customer_lists import CustomerLists
from billing_sdk.server.storage.customers import CustomerRepository
from billing_sdk.server.storage.deliveries import DeliveryRepository
from billing_sdk.server.storage.disputes import DisputeRepository
from billing_sdk.server.storage.dunnings import DunningRepository
from billing_sdk.server.storage.end_requests import EndRequestRepository
from billing_sdk.server.storage.endpoints import EndpointRepository
from billing_sdk.server.storage.erasure import ErasureRepository
from billing_sdk.server.storage.features import FeatureRepository
from billing_sdk.server.storage.finding import Finding
from billing_sdk.server.storage.gateway_events import GatewayEventRepository
from billing_sdk.server.storage.grants import GrantRepository
from billing_sdk.server.storage.idempotency import IdempotencyRepository
from billing_sdk.server.storage.invitations import InvitationRepository
from billing_sdk.server.storage.invoice_lists import InvoiceLists
from billing_sdk.server.storage.invoices import InvoiceRepository
from billing_sdk.server.storage.items import ItemRepository
from billing_sdk.server.storage.journeys import JourneyRepository
from billing_sdk.server.storage.keys import KeyRepository
from billing_sdk.server.storage.konnect import KonnectRepository
from billing_sdk.server.storage.later import Later, Together
from billing_sdk.server.storage.ledger import LedgerRepository
from billing_sdk.server.storage.licence_fees import LicenceFeeRepository
from billing_sdk.server.storage.llm_prices import LLMPriceRepository
from billing_sdk.server.storage.mail_templates import MailTemplateRepository
from billing_sdk.server.storage.mails import MailRepository
from billing_sdk.server.storage.meter_faults import MeterFaultRepository
from billing_sdk.server.storage.meters import MeterRepository
from billing_sdk.server.storage.operators import OperatorRepository
from billing_sdk.server.storage.organizations import OrganizationRepository
from billing_sdk.server.storage.outbox import OutboxRepository
from billing_sdk.server.storage.own_pages import OwnPageRepository
from billing_sdk.server.storage.past_parties import PastPartyRepository
from billing_sdk.server.storage.payment_apps import PaymentAppRepository
from billing_sdk.server.storage.payment_intents import PaymentIntentRepository
from billing_sdk.server.storage.plan_groups import PlanGroupRepository
from billing_sdk.server.storage.plan_subscriptions import PlanSubscriptionRepository
from billing_sdk.server.storage.pointing_events import PointingEventRepository
from billing_sdk.server.storage.portal_links import PortalLinkRepository
from billing_sdk.server.storage.portal_settings import PortalSettingsRepository
from billing_sdk.server.storage.pricing_tables import PricingTableRepository
from billing_sdk.server.storage.rate_cards import RateCardRepository
from billing_sdk.server.storage.rated_intervals import RatedIntervalRepository
from billing_sdk.server.storage.remote_objects import RemoteObjectRepository
from billing_sdk.server.storage.reservations import ReservationRepository
from billing_sdk.server.storage.revenue_months import RevenueMonthRepository
from billing_sdk.server.storage.roles import RoleRepository
from billing_sdk.server.storage.search import SearchRepository
from billing_sdk.server.storage.seeds import SeedRepository
from billing_sdk.server.storage.service_actions import ServiceActionRepository
from billing_sdk.server.storage.sessions import SessionRepository
from billing_sdk.server.storage.standings import StandingRepository
from billing_sdk.server.storage.stripe_objects import StripeObjectRepository
from billing_sdk.server.storage.subjects import SubjectRepository
from billing_sdk.server.storage.tax import TaxCodeRepository, TaxRateRepository
from billing_sdk.server.storage.timeline import TimelineRepository
from billing_sdk.server.storage.timers import TimerRepository
from billing_sdk.server.storage.tokens import TokenRepository
from billing_sdk.server.storage.usage import UsageRepository
from billing_sdk.server.storage.usage_changes import UsageChangeRepository
from billing_sdk.server.storage.usage_months import UsageMonthRepository
from billing_sdk.server.storage.usage_stores import UsageLog
from billing_sdk.server.storage.users import UserRepository
from billing_sdk.server.storage.workspace import WorkspaceRepository


class UnitOfWork:
    """What happens in one transaction: everything, or nothing."""

    def __init__(
        self,
        connection: Connection,
        sealer: Sealer,
        opened_seeds: dict[str, Secret],
        usage_log: UsageLog,
        usage_store_number: int,
    ) -> None:
        self._last_words: list[Callable[[], None]] = []
        self._connection = connection
        self._together = Together(connection)
        self._later = Later(connection, first=self._together)
        self.workspace = WorkspaceRepository(connection)
        self.brand = BrandRepository(connection)
        self.own_pages = OwnPageRepository(connection)
        self.payment_apps = PaymentAppRepository(connection, sealer)
        self.remote_objects = RemoteObjectRepository(connection)
        self.gateway_events = GatewayEventRepository(connection)
        self.operators = OperatorRepository(connection)
        self.usage_months = UsageMonthRepository(connection)
        self.revenue_months = RevenueMonthRepository(connection)
        self.konnect = KonnectRepository(connection)
        self.stripe = StripeObjectRepository(connection)
        self.api_tokens = ApiTokenRepository(connection)
        self.llm_prices = LLMPriceRepository(connection)
        self.users = UserRepository(connection)
        self.search = SearchRepository(connection)
        self.finding = Finding(connection)
        self.timeline = TimelineRepository(connection)
        self.attempts = AttemptRepository(connection)
        self.erasure = ErasureRepository(connection, self._later)
        self.organizations = OrganizationRepository(connection)
        self.roles = RoleRepository(connection)
        self.account_links = AccountLinkRepository(connection)
        self.invitations = InvitationRepository(connection)
        self.applications = ApplicationRepository(connection)
        self.seeds = SeedRepository(connection, sealer, opened_seeds)
        self.features = FeatureRepository(connection)
        self.meters = MeterRepository(connection)
        self.meter_faults = MeterFaultRepository(connection)
        self.plan_groups = PlanGroupRepository(connection)
        self.catalog = CatalogRepository(connection)
        self.items = ItemRepository(connection)
        self.licence_fees = LicenceFeeRepository(connection)
        self.custom_units = CustomUnitRepository(connection)
        self.rate_cards = RateCardRepository(connection)
        self.service_actions = ServiceActionRepository(connection)
        self.attachments = AttachmentRepository(connection)
        self.coupons = CouponRepository(connection)
        self.pricing_tables = PricingTableRepository(connection)
        self.billing_settings = BillingSettingsRepository(connection)
        self.billing_cadences = BillingCadenceRepository(connection)
        self.payer_profiles = PayerProfileRepository(connection)
        self.bill_settings = CadenceSettingRepository(connection, "bill", bill_terms)
        self.collection_settings = CadenceSettingRepository(connection, "collection", collection_terms)
        self.billing_profiles = BillingProfileRepository(
            connection, self.billing_cadences, self.bill_settings, self.collection_settings
        )
        self.past_parties = PastPartyRepository(connection)
        self.dunnings = DunningRepository(connection)
        self.standings = StandingRepository(connection)
        self.tax_codes = TaxCodeRepository(connection)
        self.tax_rates = TaxRateRepository(connection)
        self.customers = CustomerRepository(connection)
        self.customer_lists = CustomerLists(connection)
        self.agreements = AgreementRepository(connection, self._together)
        self.end_requests = EndRequestRepository(connection)
        self.billing_intents = BillingIntentRepository(connection)
        self.plan_subscriptions = PlanSubscriptionRepository(connection)
        self.cadence_discounts = CadenceDiscountRepository(connection)
        self.allowances = AllowanceRepository(connection)
        self.timers = TimerRepository(connection, self._together)
        self.clocks = ClockRepository(connection)
        self.charges = ChargeRepository(connection, self._together)
        self.payment_intents = PaymentIntentRepository(connection)
        self.confirmations = ConfirmationRepository(connection)
        self.invoices = InvoiceRepository(connection, self._together)
        self.invoice_lists = InvoiceLists(connection)
        self.credits = CreditRepository(connection, self._together)
        self.credit_history = CreditHistory(connection)
        self.credit_notes = CreditNoteRepository(connection)
        self.refunds = RefundRepository(connection)
        self.disputes = DisputeRepository(connection)
        self.grants = GrantRepository(connection)
        self.ledger = LedgerRepository(connection, self._later)
        self.subjects = SubjectRepository(connection)
        self.usage = UsageRepository(usage_log, self.agreements, self.subjects, self.meters)
        self.usage_log = usage_log
        self.usage_changes = UsageChangeRepository(connection, usage_store_number)
        self.rated_intervals = RatedIntervalRepository(connection, self._later)
        self.reservations = ReservationRepository(connection)
        self.sessions = SessionRepository(connection)
        self.journeys = JourneyRepository(connection)
        self.portal_links = PortalLinkRepository(connection)
        self.portal_settings = PortalSettingsRepository(connection)
        self.tokens = TokenRepository(connection)
        self.keys = KeyRepository(connection, sealer)
        self.audit = AuditRepository(connection, self._later, self.seeds)
        self.idempotency = IdempotencyRepository(connection, sealer)
        self.outbox = OutboxRepository(connection, self._later)
        self.endpoints = EndpointRepository(connection, sealer)
        self.deliveries = DeliveryRepository(connection, self._later)
        self.pointing_events = PointingEventRepository(connection, self._later)
        self.mails = MailRepository(connection, sealer)
        self.mail_templates = MailTemplateRepository(connection)

    def read_ahead(self, agreement_ids: Collection[str], *, planned_ids: Collection[str]) -> None:
        """Lock the customers of many agreements, and read at once what billing each of them looks at.

        From then on the repositories answer from what they have read, and what is done is written at once, too. The
        answers are those of one query each; whatever else is asked is asked of the database as always.

        Args:
            agreement_ids: the agreements.
            planned_ids: in whose names coupons are redeemed that come with what is planned for them.
        """
        found = self.agreements.read_ahead(agreement_ids)
        customer_ids = {agreement.customer_id for agreement in found}
        self.customers.lock_ahead(customer_ids)
        found = self.agreements.read_ahead(agreement_ids)  # as they are now that nobody else changes them
        self._read_bills_ahead(found, customer_ids)
        self.timers.read_ahead(customer_ids)
        self.charges.read_ahead(customer_ids)
        self.coupons.read_ahead(planned_ids)
        self.ledger.read_ahead(agreement_ids)
        self._together.begin()

    def look_ahead(self, agreement_ids: Collection[str]) -> None:
        """Read at once what the next bills of many agreements are worked out from, to say what they would come to.

        Nobody is locked, and the transaction writes nothing.
        """
        found = self.agreements.read_ahead(agreement_ids)
        customer_ids = {agreement.customer_id for agreement in found}
        self.customers.look_ahead(customer_ids)
        self.agreements.look_ahead(customer_ids)
        self._read_bills_ahead(found, customer_ids)

    def _read_bills_ahead(self, found: Collection[Agreement], customer_ids: Collection[str]) -> None:
        added = {add_on.plan_version_id for one in found for add_on in one.add_ons}
        agreed = {one.plan_version_id for one in found} | added
        following = {one.next_version_id for one in found if one.next_version_id is not None}
        self.catalog.keep_what_is_read(agreed | following)
        self.billing_settings.read_ahead()
        self.credits.read_ahead(customer_ids)
        self.grants.read_ahead(customer_ids)
        self.invoices.read_gathering_ahead(customer_ids)
        if not found:
            return
        rates = {rate.feature_key for one in agreed for rate in self.catalog.get_version(one).of_kind(Rate)}
        if rates:
            self.usage.read_ahead({one.id: one.billed_period for one in found}, rates)
        self.rated_intervals.read_ahead([agreement.id for agreement in found])

    @contextmanager
    def what_if(self) -> Iterator[None]:
        """Undo all that is written in the block at its end: it is done to learn what it would come to.

        Nobody hears of it. A block that raises leaves a transaction that has to be undone as a whole.
        """
        self._later.flush()
        savepoint = self._connection.begin_nested()
        had_news, heard, announced = self.outbox.has_news, self.audit.heard, self.outbox.heard
        self.audit.heard = self.outbox.heard = None
        try:
            yield
            self._later.flush()
        finally:
            savepoint.rollback()
            self.outbox.has_news, self.audit.heard, self.outbox.heard = had_news, heard, announced

    def flush(self) -> None:
        """Write what was left for the end; whoever ends the transaction calls it."""
        for speak in self._last_words:
            speak()
        self._later.flush()

    def at_end(self, speak: Callable[[], None]) -> None:
        """Have something called before the transaction ends, when all that it decides has been decided."""
        self._last_words.append(speak)

    def tell_time(self, now: Callable[[], datetime]) -> None:
        """Say where real time comes from, for what goes by it whatever the time of the customer in question."""
        self.audit.now = now
        self.outbox.now = now
