"""Client and AsyncClient: the same operations, answered at once or awaited."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar, Unpack, cast
from weakref import WeakMethod

from billing_sdk._config import ClientSettings, Config
from billing_sdk._fork import Slots
from billing_sdk._operation import Async, C, Call, Flow, Spawn, Sync, Wait, shorter, within
from billing_sdk._transport import AsyncTransport, SyncTransport
from billing_sdk.auth import Provider
from billing_sdk.entitlements import Snapshots
from billing_sdk.errors import BillingError, DeadlineExceeded
from billing_sdk.resources import (
    Agreements,
    Allowances,
    BillingProfiles,
    BillingSettings,
    Books,
    Coupons,
    CreditNotes,
    Credits,
    Customers,
    Disputes,
    Entitlements,
    Features,
    Invoices,
    Items,
    Keys,
    LicenceFees,
    Login,
    Meters,
    Organizations,
    Permissions,
    PlanGroups,
    Plans,
    Portal,
    PricingTables,
    RateCards,
    Roles,
    ServiceActions,
    TaxCodes,
    TaxRates,
    TestClocks,
    Tokens,
    Usage,
    Users,
    WebhookEndpoints,
    Webhooks,
)

R = TypeVar("R")

# Whoever is waited for may make several calls, each within the deadline.
WAITED_CALLS: Final = 3
MOST_BACKGROUND_THREADS: Final = 16
_log: Final = logging.getLogger("billing_sdk.client")


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


class Operations(Generic[C]):
    """What a client of either colour can do; `ClientSettings` lists what it takes.

    Raises:
        MissingSetting: a setting that is needed was given nowhere; the error names argument and variable.
        InvalidSetting: there is no such setting, or an address is not https and its host is not loopback.
    """

    agreements: Agreements[C]
    billing_profiles: BillingProfiles[C]
    billing_settings: BillingSettings[C]
    books: Books[C]
    coupons: Coupons[C]
    allowances: Allowances[C]
    credits: Credits[C]
    customers: Customers[C]
    entitlements: Entitlements[C]
    features: Features[C]
    invoices: Invoices[C]
    credit_notes: CreditNotes[C]
    disputes: Disputes[C]
    items: Items[C]
    keys: Keys[C]
    licence_fees: LicenceFees[C]
    login: Login[C]
    meters: Meters[C]
    organizations: Organizations[C]
    permissions: Permissions[C]
    plan_groups: PlanGroups[C]
    plans: Plans[C]
    portal: Portal[C]
    pricing_tables: PricingTables[C]
    rate_cards: RateCards[C]
    roles: Roles[C]
    service_actions: ServiceActions[C]
    tax_codes: TaxCodes[C]
    tax_rates: TaxRates[C]
    test_clocks: TestClocks[C]
    tokens: Tokens[C]
    usage: Usage[C]
    users: Users[C]
    webhook_endpoints: WebhookEndpoints[C]
    webhooks: Webhooks[C]

    def __init__(self, **settings: Unpack[ClientSettings]) -> None:
        self.config = Config.load(settings)
        self._provider = provider = Provider(self.config, now=settings.get("now", utc_now))
        client = cast("C", self)
        self.agreements = Agreements(client)
        self.billing_profiles = BillingProfiles(client)
        self.billing_settings = BillingSettings(client)
        self.books = Books(client)
        self.coupons = Coupons(client)
        self.allowances = Allowances(client)
        self.credits = Credits(client)
        self.customers = Customers(client)
        self.entitlements = Entitlements(client, provider)
        self.features = Features(client)
        self.invoices = Invoices(client)
        self.credit_notes = CreditNotes(client)
        self.disputes = Disputes(client)
        self.items = Items(client)
        self.keys = Keys(client, provider)
        self.licence_fees = LicenceFees(client)
        self.login = Login(client, provider)
        self.meters = Meters(client)
        self.organizations = Organizations(client)
        self.permissions = Permissions(client)
        self.plan_groups = PlanGroups(client)
        self.plans = Plans(client)
        self.portal = Portal(client, provider)
        self.pricing_tables = PricingTables(client)
        self.rate_cards = RateCards(client)
        self.roles = Roles(client)
        self.service_actions = ServiceActions(client)
        self.tax_codes = TaxCodes(client)
        self.tax_rates = TaxRates(client)
        self.test_clocks = TestClocks(client)
        self.tokens = Tokens(client, provider)
        self.usage = Usage(
            client,
            source=self.config.m2m_client_id or self.config.client_id or "",
            journal=self.config.opened_journal(),
        )
        self.users = Users(client)
        self.webhook_endpoints = WebhookEndpoints(client)
        self.webhooks = Webhooks(client, provider)
        self.snapshots = Snapshots(self.entitlements.list.flow)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(issuer={self.config.issuer!r})"

    def _with_secret(self, call: Call[R]) -> Call[R]:
        """Add the application's credentials to a call (RFC 6749, section 2.3.1); a public client names itself only."""
        client_id, secret = self.config.value("client_id"), self.config.client_secret
        if secret is not None and call.credential == "client":
            return replace(call, basic=(client_id, secret.reveal()), credential="none")
        form = {**(call.form or {}), "client_id": client_id}
        if secret is not None:
            form["client_secret"] = secret.reveal()
        return replace(call, form=form, credential="none")

    def _by_machine(self, call: Call[R]) -> Flow[R]:
        """Send a call with the machine token; if that has to be fetched first, both share the call's deadline."""
        flow = self._provider.machine.send(call)
        return flow if call.deadline_seconds is None else within(call.deadline_seconds, flow)

    @property
    def _longest_wait(self) -> float:
        return WAITED_CALLS * self.config.deadline_seconds


class Client(Sync, Operations[Sync]):
    """A client whose answers are plain values; one serves any number of threads."""

    def __init__(self, *, sleep: Callable[[float], None] = time.sleep, **settings: Unpack[ClientSettings]) -> None:
        super().__init__(**settings)
        self._transport = SyncTransport(self.config, sleep=sleep)
        self._background = Slots(MOST_BACKGROUND_THREADS)
        atexit.register(_at_exit, WeakMethod(self._give_back))

    def take(self, step: Call[Any] | Wait[Any] | Spawn, /) -> Any:
        """Carry out one step of a flow."""
        match step:
            case Call(credential="machine"):
                return self.run(self._by_machine(step))
            case Call(credential="client" | "client_in_form"):
                return self._transport.send(self._with_secret(step))
            case Call():
                return self._transport.send(step)
            case Wait(future=future):
                try:
                    return future.result(timeout=shorter(self._longest_wait, step.deadline_seconds))
                except TimeoutError:
                    raise DeadlineExceeded("another thread did not bring the answer in time") from None
            case Spawn(flow=flow, lasts=lasts):
                self._spawn(flow, lasts=lasts)
                return None

    def close(self) -> None:
        """Give leases back and close the connections; the client can't be used afterwards."""
        self._give_back()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _give_back(self) -> None:
        self.run(self.usage.leases.give_back())

    def _spawn(self, flow: Callable[[], Flow[Any]], *, lasts: bool) -> None:
        if lasts:
            threading.Thread(target=self._run_quietly, args=(flow,), name="billing-sdk-leases", daemon=True).start()
        elif self._background.take():
            threading.Thread(target=self._run_beside, args=(flow,), name="billing-sdk", daemon=True).start()
        else:
            self._run_quietly(flow)

    def _run_beside(self, flow: Callable[[], Flow[Any]]) -> None:
        try:
            self._run_quietly(flow)
        finally:
            self._background.give_back()

    def _run_quietly(self, flow: Callable[[], Flow[Any]]) -> None:
        try:
            self.run(flow())
        except BillingError as error:
            _log.info("what ran in the background failed: %s", error.code)


class AsyncClient(Async, Operations[Async]):
    """A client whose answers are awaited; one serves any number of tasks, and several event loops."""

    def __init__(
        self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, **settings: Unpack[ClientSettings]
    ) -> None:
        super().__init__(**settings)
        self._transport = AsyncTransport(self.config, sleep=sleep)
        self._background: set[asyncio.Task[None]] = set()
        atexit.register(_at_exit, WeakMethod(self._give_back))

    async def take(self, step: Call[Any] | Wait[Any] | Spawn, /) -> Any:
        """Carry out one step of a flow."""
        match step:
            case Call(credential="machine"):
                return await self.run(self._by_machine(step))
            case Call(credential="client" | "client_in_form"):
                return await self._transport.send(self._with_secret(step))
            case Call():
                return await self._transport.send(step)
            case Wait(future=future):
                try:
                    async with asyncio.timeout(shorter(self._longest_wait, step.deadline_seconds)):
                        return await asyncio.wrap_future(future)
                except TimeoutError:
                    raise DeadlineExceeded("another task did not bring the answer in time") from None
            case Spawn(flow=flow):
                task = asyncio.create_task(self._run_quietly(flow))
                # The event loop itself only keeps a weak reference.
                self._background.add(task)
                task.add_done_callback(self._background.discard)
                return None

    async def close(self) -> None:
        """Stop what runs in the background, give leases back and close this event loop's connections."""
        loop = asyncio.get_running_loop()
        tasks = [task for task in self._background if task.get_loop() is loop]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.run(self.usage.leases.give_back())
        await self._transport.close()

    def _give_back(self) -> None:
        """Give leases back although the client was never closed, and its event loop is over."""
        if self.usage.leases.is_holding:
            asyncio.run(self.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run_quietly(self, flow: Callable[[], Flow[Any]]) -> None:
        try:
            await self.run(flow())
        except BillingError as error:
            _log.info("what ran in the background failed: %s", error.code)


def _at_exit(method: WeakMethod[Callable[[], None]]) -> None:
    """Give leases back where the program ends and nobody has closed the client."""
    give_back = method()
    if give_back is not None:
        give_back()
