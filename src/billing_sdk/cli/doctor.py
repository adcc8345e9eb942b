"""`billing-sdk doctor`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpcore
import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from billing_sdk.cli.options import DEFAULT_BASE_URL, BaseUrlOption, DatabaseOption, database_at, without_password
from billing_sdk.cli.output import show_table
from billing_sdk.errors import BillingError, ConfigurationError
from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.domain.invoicing import AwaitReason
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.mail.transport import SmtpServer, SmtpTransport
from billing_sdk.server.outbox.connector import AddressNotAllowed, GuardedNetwork
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.sealing_keys import VARIABLE, configured_keys, sealer_for
from billing_sdk.server.settings import PREFIX, Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.storage.outages import DATABASE_AWAY
from billing_sdk.server.storage.rights import FIRST_NEEDED
from billing_sdk.server.usecases.timer_worker import LATE
from billing_sdk.server.usecases.verify_audit import AuditReport, examine_audit

MOST_SKEW = timedelta(seconds=30)
CONNECT_SECONDS = 5
Reach = Literal["fine", "none", "forbidden"]
MARKS = {"fine": "[green]fine[/]", "look": "[yellow]look[/]", "wrong": "[bold red]wrong[/]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    mark: Literal["fine", "look", "wrong"]
    what: str
    remedy: str = ""


def doctor(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Check settings, database, keys, clock and endpoints; each line says what to do. Changes nothing."""
    with database_at(database) as url:
        findings = tuple(examine(url, base_url or os.environ.get(f"{PREFIX}BASE_URL") or DEFAULT_BASE_URL))
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        table.add_row(MARKS[finding.mark], escape(finding.what), f"[dim]{escape(finding.remedy)}[/]")
    show_table(table)
    if any(finding.mark == "wrong" for finding in findings):
        raise typer.Exit(1)


def examine(database_url: str, base_url: str) -> Iterator[Finding]:
    """Yield findings until one makes the following checks pointless."""
    try:
        settings = Settings.from_environment(base_url=base_url, database_url=database_url)
    except BillingError as error:
        yield Finding("wrong", error.detail, error.remedy)
        return
    yield Finding("fine", f"settings: {settings.environment} environment at {settings.base_url}")
    file = database_url.removeprefix("sqlite:///")
    if file != database_url and not Path(file).exists():
        yield Finding(
            "wrong", f"there is no file {file}", "Run billing-sdk serve or migrate, or name another --database."
        )
        return
    try:
        sealer = sealer_for(settings, may_make=False)
    except BillingError as error:
        yield Finding("wrong", error.detail, error.remedy)
        return
    yield _sealing(settings)
    yield _proxy(settings)
    yield of_mail(settings)
    database = Database.open(database_url, sealer=sealer)
    try:
        yield from _examine_database(
            database, without_password(database_url), may_call_this_machine=settings.may_call_this_machine
        )
        if database.is_migrated():
            yield from _usage(settings, sealer)
    except ConfigurationError as error:
        yield Finding("wrong", error.detail, error.remedy)
    except SQLAlchemyError as error:
        yield Finding(
            "wrong",
            f"the database {without_password(database_url)} can't be used ({type(error).__name__})",
            "Check its address, that it runs, and that this user may write to it.",
        )
    finally:
        database.close()


def _examine_database(database: Database, name: str, *, may_call_this_machine: bool) -> Iterator[Finding]:
    missing, excessive = database.examine_rights()
    if FIRST_NEEDED & set(missing):
        yield from _rights(missing, excessive)
        return
    if not database.is_migrated():
        yield Finding("wrong", f"the schema of {name} is not up to date", "Run billing-sdk migrate.")
        return
    yield Finding("fine", f"database: {name} is reachable and up to date")
    yield from _rights(missing, excessive)
    yield _clock(database.now(), datetime.now(UTC))
    with database.begin(read_only=True) as tx:
        yield _keys(len(tx.keys.list(at=datetime.now(UTC))))
        yield _audit(examine_audit(tx))
        endpoints = tx.endpoints.list()
        oldest = tx.timers.oldest_due(datetime.now(UTC))
        dead = len(tx.deliveries.list(status="dead"))
        unsent = len(tx.mails.list(state="failed").items)
        waiting = tx.charges.waiting_reasons()
        gateway = tx.workspace.get().gateway
        app = None if gateway is None else tx.payment_apps.of_gateway(gateway)
        unhandled = tx.gateway_events.unhandled(before=datetime.now(UTC) - LATE, limit=1)
    yield from of_account(app, is_behind=bool(unhandled))
    yield _timers(oldest, datetime.now(UTC))
    yield from of_charges(waiting)
    for endpoint in endpoints:
        yield _endpoint(endpoint, may_call_this_machine=may_call_this_machine)
    if dead:
        yield Finding("look", f"{dead} dead letters", "Send them again when their endpoint is well.")
    if unsent:
        yield Finding("look", "mail has failed", "See why in the mailbox of the dashboard, and send it again.")


def of_account(app: PaymentApp | None, *, is_behind: bool) -> Iterator[Finding]:
    """Look at the linked account that payments are taken with, and at the events that it sends."""
    if app is not None and app.status == "unauthorized":
        remedy = "Give it a key that works, or link the account again; what is to be charged waits until then."
        yield Finding("wrong", f"{app.name} refuses the key of the linked account", remedy)
    elif app is not None:
        yield Finding("fine", f"payments: {app.name} is linked")
        if app.type == "stripe" and app.webhook_endpoint_id is None:
            remedy = "Serve under an https address that can be reached; until then the server asks every hour."
            yield Finding("look", f"{app.name} sends no events here", remedy)
    if is_behind:
        remedy = "They are taken up again by the server; its log says what is in the way."
        yield Finding("look", "events of the payment processor wait to be handled", remedy)


def _usage(settings: Settings, sealer: Sealer) -> Iterator[Finding]:
    """Look at where usage is kept, and whether somebody looks at what arrives there."""
    name = "the database" if settings.usage_url is None else without_password(settings.usage_url)
    try:
        database = Database.open(settings.database_url, sealer=sealer, usage_url=settings.usage_url)
    except (*DATABASE_AWAY, ConfigurationError) as error:
        told = error.detail if isinstance(error, ConfigurationError) else type(error).__name__
        yield Finding("wrong", f"the usage store {name} can't be used ({told})", "Check its address and that it runs.")
        return
    try:
        with database.begin(read_only=True) as tx:
            count, behind = tx.usage_log.count(), tx.usage_log.newest() > tx.usage_changes.place()
    finally:
        database.close()
    yield Finding("fine", f"usage: {count:,} events in {name}")
    if behind:
        remedy = "Start the server if none runs: alerts, thresholds and late usage follow from it."
        yield Finding("look", "usage: what has arrived last was not attended to yet", remedy)


def _sealing(settings: Settings) -> Finding:
    if configured_keys(settings) is not None:
        return Finding("fine", "sealing keys: given by the settings")
    if settings.database_url.startswith("sqlite"):
        return Finding("fine", "sealing key: in a file beside the database")
    return Finding(
        "look",
        "the secrets in the database are sealed with a key that everybody knows",
        f"Run billing-sdk keys new-sealing-key, set {VARIABLE}, then run billing-sdk keys reseal.",
    )


def _proxy(settings: Settings) -> Finding:
    if settings.is_local or settings.trusted_proxies:
        return Finding("fine", f"proxies in front: {settings.trusted_proxies}")
    return Finding(
        "look",
        "the server is reached through a proxy that it does not trust, so it knows nobody's address",
        f"Set {PREFIX}TRUSTED_PROXIES to the number of proxies in front of it.",
    )


def of_mail(settings: Settings) -> Finding:
    """Look at the mail server: whether it answers, encrypts, and lets this server in."""
    if settings.smtp_url is None:
        what = "mail: there is no server to send it by, so it is kept in the mailbox of the dashboard"
        return Finding("look" if settings.environment == "live" else "fine", what, f"Set {PREFIX}SMTP_URL.")
    server = SmtpServer.of(settings.smtp_url)
    name = f"{server.host}:{server.port}"
    found = SmtpTransport(server, deadline_seconds=CONNECT_SECONDS).probe()
    if found.is_accepted:
        return Finding("fine", f"mail: {name} takes it from {settings.mail_from}")
    remedy = f"Check {PREFIX}SMTP_URL; mail waits for two days."
    return Finding("wrong", f"mail: {name} does not take it: {found.answer}", remedy)


def _rights(missing: tuple[str, ...], excessive: tuple[str, ...]) -> Iterator[Finding]:
    if missing:
        remedy = "Grant it; the guide to running the server lists every right."
        yield Finding("wrong", f"the database user lacks {', '.join(missing)}", remedy)
    if excessive:
        remedy = "Serve as a user with the rights that the guide to running the server lists."
        yield Finding("look", f"the database user may do more than serving needs: {', '.join(excessive)}", remedy)


def _audit(report: AuditReport) -> Finding:
    if report.problems:
        remedy = "Somebody has changed the database by hand: run billing-sdk audit verify, and find out who."
        return Finding("wrong", f"the audit does not hold: {report.problems[0]}", remedy)
    return Finding("fine", f"audit: {report.records} records hold")


def _clock(theirs: datetime, ours: datetime) -> Finding:
    skew = abs(ours - theirs)
    if skew > MOST_SKEW:
        return Finding(
            "wrong", f"this clock and the database's differ by {skew}", "Run an NTP client on both machines."
        )
    return Finding("fine", "clock: that of the database agrees")


def _timers(oldest: Timer | None, at: datetime) -> Finding:
    if oldest is None or oldest.lag(at) <= LATE:
        return Finding("fine", "timers: nothing has been due for long")
    late = str(oldest.lag(at)).partition(".")[0]
    return Finding(
        "look",
        f"timers: {oldest.kind} of {oldest.subject_id} has been due for {late}, and was tried {oldest.attempts} times",
        "Start the server if none runs; else its log says why it fails.",
    )


def of_charges(waiting: Mapping[AwaitReason, int]) -> Iterator[Finding]:
    """Tell how many charges wait; those of which something else was taken than was asked for wait for a person."""
    wrong = waiting.get("mismatch", 0)
    if wrong:
        remedy = "Find payment.mismatch in the audit, compare with the processor, and settle the invoice by hand."
        yield Finding("wrong", f"charges: {wrong} with another amount taken than was asked for", remedy)
    rest = sum(waiting.values()) - wrong
    if rest:
        remedy = "They are settled by themselves: see the guide to waiting payments."
        yield Finding("look", f"charges: {rest} wait for their outcome", remedy)


def _keys(count: int) -> Finding:
    if count == 0:
        return Finding("look", "there is no signing key yet", "The first start makes one.")
    return Finding("fine", f"signing keys: {count}")


def _endpoint(endpoint: Endpoint, *, may_call_this_machine: bool) -> Finding:
    name = f"endpoint {endpoint.id} ({endpoint.url})"
    if not endpoint.is_enabled:
        why = {"asked": "by its owner", "failing": "after 72 hours of failure", "gone": "because it answered 410"}
        return Finding(
            "look", f"{name} is disabled {why[endpoint.disabled_reason or 'asked']}", "Enable it once it is well."
        )
    reach = _connection_to(endpoint.url, may_call_this_machine=may_call_this_machine)
    if reach == "forbidden":
        return Finding("look", f"{name} leads to an address that may not be called", "Give it a public address.")
    if reach == "none":
        return Finding("look", f"{name} takes no connection", "Start it, or delete the endpoint.")
    if endpoint.failing_since is not None:
        return Finding("look", f"{name} has failed since {endpoint.failing_since:%Y-%m-%d %H:%M} UTC", "Read its log.")
    return Finding("fine", name)


def _connection_to(url: str, *, may_call_this_machine: bool) -> Reach:
    """Connect as a delivery would: to addresses that may be called, and to nothing else."""
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        asyncio.run(_connect(GuardedNetwork(may_call_this_machine=may_call_this_machine), parts.hostname or "", port))
    except AddressNotAllowed:
        return "forbidden"
    except (OSError, UnicodeError, httpcore.NetworkError, httpcore.TimeoutException):
        return "none"
    return "fine"


async def _connect(network: GuardedNetwork, host: str, port: int) -> None:
    async with asyncio.timeout(CONNECT_SECONDS):
        stream = await network.connect_tcp(host, port)
        await stream.aclose()
