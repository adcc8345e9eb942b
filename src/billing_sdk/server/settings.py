"""How one server is set up: from arguments, or from `BILLING_SERVER_*` in the environment."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidSetting, MissingSetting

Environment = Literal["test", "live"]
PREFIX = "BILLING_SERVER_"
DAY = 86_400
MOST_REQUESTS = 1_000_000
# For a server that nobody but tests and measurements can reach.
NO_LIMITS = {
    "token_requests_per_second": 0,
    "management_requests_per_second": 0,
    "usage_requests_per_second": 0,
    "account_requests_per_second": 0,
    "portal_links_per_minute": 0,
    "refused_requests_per_minute": 0,
}
# Names that other programs read the same setting from.
ALSO_READ = {"stripe_secret_key": "KL_STRIPE_SECRET_KEY"}
# A link into somebody's account that may have been seen by others on its way.
LONGEST_LINK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator decides. All durations are in seconds.

    Attributes:
        base_url: the issuer and the address that browsers use; https, or http on a loopback host.
        database_url: `sqlite:///file.db`, `sqlite://` (in memory) or `postgresql://...`; it may carry a password.
        usage_url: where usage is kept, if not in the database itself: another one, `clickhouse://user:password@host/name`,
            `clickhouses://...` for TLS, or `chdb:///directory` (ClickHouse within this process).
        environment: `live` takes no shortcut; `test` lets webhooks go to this machine.
        sealing_keys: `NAME:KEY` entries that encrypt the secrets in the database; the first seals, all open.
        sealing_keys_file: a file with such entries that only its owner can read, in place of `sealing_keys`.
        refresh_overlap_seconds: for so long a rotated refresh token gets its successor again (a lost answer).
        idempotency_seconds: for so long a request that is sent again with its key gets the first answer.
        reservation_seconds: for so long reserved units are kept for a use that nobody has committed or released.
        lease_seconds: for so long the holder of a lease lets uses in before it asks for another one.
        overdue_lease_seconds: for so long after that its units stay set aside for uses that its holder could not
            report yet; then they are free.
        timer_seconds: the pause between two looks for what is due; renewals happen at most so much late.
        timer_lease_seconds: after that a timer, or a test clock on its way, whose process has died is taken up.
        token_requests_per_second: for each client; twice as many at once. 0 sets no limit, here and below.
        management_requests_per_second: for each machine; twice as many at once.
        usage_requests_per_second: for each machine that sends usage events, which do not count as requests above. By
            default there is no limit; whoever sends faster than they can be recorded is told to come back.
        account_requests_per_second: for each user; twice as many at once.
        portal_links_per_minute: for each user, whoever asks for them.
        refused_requests_per_minute: for each address, of requests without a usable credential.
        webhook_token_seconds: how long a receiver may take one attempt's signed body for fresh.
        webhook_deadline_seconds: after that a receiver's answer no longer counts.
        trusted_proxies: how many proxies in front of this server add to `X-Forwarded-For`; with 0 nobody knows where a
            request comes from, attempts to sign in are counted by account alone, and refused requests by the other end
            of the connection.
        invoice_link_seconds: how long an address opens an invoice for whoever has it, to the end of the last day.
        portal_link_seconds: how long a one-time link is good for, 300 at most.
        portal_session_seconds: how long a visit to the portal lasts at most, however it is used.
        portal_idle_seconds: how long it lasts unused.
        cancellation_hook: `package.module:function` that is asked before somebody's agreement is cancelled.
        selection_hook: `package.module:function` that is asked before somebody gets a plan.
        stripe_secret_key: of the platform's own Stripe account; also read from `KL_STRIPE_SECRET_KEY`.
        stripe_webhook_secret: what Stripe signs events with where the endpoint was registered by hand.
        stripe_connect_client_id: names this platform where others link their Stripe accounts with it.
        stripe_api_base: where Stripe's API is, in place of Stripe: a simulator on this machine, in a test environment.
        stripe_timeout_seconds: for so long one answer of Stripe is waited for.
        stripe_retries: how often a call to Stripe that got no answer is sent again at once.
        workspace_plans: whether the workspace itself is on a plan with limits.
        dashboard_token_seconds: how long a token for the dashboard's API is good for.
        locale_directory: a directory with translations of the pages and mail, such as `nl.po`, which come before the
            server's own.
        smtp_url: the server that mail is handed to: `smtp://user:password@host:587`, which must offer STARTTLS unless
            it is on this machine, or `smtps://...`; the password is percent-encoded. Without it mail is only kept.
        mail_from: the address that mail is from, such as `Example <billing@example.com>`.
        smtp_timeout_seconds: for so long the server is waited for, from the connection to its last word on one mail.
        mailbox_seconds: for so long mail can be looked at after it was written; then it is forgotten.
        security_contact: `mailto:` or `https:` address for `/.well-known/security.txt` (RFC 9116).

    Raises:
        InvalidSetting: a value can't work, or is not safe; the message names its variable.
    """

    base_url: str
    database_url: str = field(repr=False)
    usage_url: str | None = field(default=None, repr=False)
    environment: Environment = "test"
    sealing_keys: Secret | None = None
    sealing_keys_file: str | None = None
    access_token_seconds: int = DAY
    id_token_seconds: int = 3_600
    refresh_token_seconds: int = 15 * DAY
    refresh_overlap_seconds: int = 10
    code_seconds: int = 60
    journey_seconds: int = 3_600
    session_seconds: int = 28_800
    invoice_link_seconds: int = 90 * DAY
    portal_link_seconds: int = 300
    portal_session_seconds: int = 28_800
    portal_idle_seconds: int = 1_800
    idempotency_seconds: int = 7 * DAY
    reservation_seconds: int = 300
    lease_seconds: int = 60
    overdue_lease_seconds: int = 300
    timer_seconds: int = 5
    timer_lease_seconds: int = 60
    token_requests_per_second: int = 20
    management_requests_per_second: int = 50
    usage_requests_per_second: int = 0
    account_requests_per_second: int = 50
    portal_links_per_minute: int = 10
    refused_requests_per_minute: int = 300
    webhook_token_seconds: int = 300
    webhook_deadline_seconds: int = 15
    show_pricing_table_at_sign_up: bool = True
    trusted_proxies: int = 0
    cancellation_hook: str | None = None
    selection_hook: str | None = None
    locale_directory: str | None = None
    smtp_url: Secret | None = None
    mail_from: str | None = None
    smtp_timeout_seconds: int = 30
    mailbox_seconds: int = 90 * DAY
    security_contact: str | None = None
    stripe_secret_key: Secret | None = None
    stripe_webhook_secret: Secret | None = None
    stripe_connect_client_id: str | None = None
    stripe_api_base: str | None = None
    stripe_timeout_seconds: int = 20
    stripe_retries: int = 2
    workspace_plans: bool = False
    dashboard_token_seconds: int = 3_600

    def __post_init__(self) -> None:
        _check_base_url(self.base_url)
        _check_database_url(self.database_url)
        _check_usage_url(self.usage_url)
        _check_environment(self)
        for setting in fields(self):
            if setting.name.endswith("_seconds") and not 0 < getattr(self, setting.name) <= 400 * DAY:
                raise _invalid(setting.name, "is not between 1 and 34,560,000")
            if setting.name in NO_LIMITS and not 0 <= getattr(self, setting.name) <= MOST_REQUESTS:
                raise _invalid(setting.name, f"is not between 0 and {MOST_REQUESTS:,}")
        check_stripe_key(self.environment, self.stripe_secret_key)
        if self.stripe_api_base is not None and not (self.may_call_this_machine and _is_here(self.stripe_api_base)):
            raise _invalid("stripe_api_base", "is for a simulator on this machine, in a test environment that is local")
        if not 0 <= self.stripe_retries <= 5:
            raise _invalid("stripe_retries", "is not between 0 and 5")
        if not 0 <= self.trusted_proxies <= 8:
            raise _invalid("trusted_proxies", "is not between 0 and 8")
        if self.portal_link_seconds > LONGEST_LINK_SECONDS:
            raise _invalid("portal_link_seconds", f"is above {LONGEST_LINK_SECONDS}")
        _check_mail(self.smtp_url, self.mail_from)
        if self.security_contact is not None and not _is_contact(self.security_contact):
            raise _invalid("security_contact", "is neither mailto: nor https:")
        if self.refresh_token_seconds <= self.access_token_seconds:
            raise _invalid("refresh_token_seconds", "does not exceed access_token_seconds")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, **arguments: Any) -> Settings:
        """Read each setting from its argument or, where that is absent or None, from `BILLING_SERVER_<NAME>`.

        Raises:
            MissingSetting: a needed one is in neither place.
            InvalidSetting: a value can't be read, or is not safe.
        """
        values = {name: value for name, value in arguments.items() if value is not None}
        for setting in fields(cls):
            text = environ.get(PREFIX + setting.name.upper()) or environ.get(ALSO_READ.get(setting.name, ""))
            if setting.name not in values and text:
                values[setting.name] = _read(setting.name, setting.type, text)
        for name in ("base_url", "database_url"):
            if name not in values:
                raise MissingSetting(name, PREFIX + name.upper())
        return cls(**values)

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the server by https, so that cookies can be bound to it."""
        return self.base_url.startswith("https://")

    @property
    def management_audience(self) -> tuple[str, ...]:
        """The audiences of the management API: below the issuer, and with https, as some clients always spell it."""
        plain = f"{self.base_url}/api"
        secure = f"https://{urlsplit(self.base_url).netloc}/api"
        return (plain,) if plain == secure else (plain, secure)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def may_call_this_machine(self) -> bool:
        """Whether webhooks may go to a loopback address: in a test environment that is itself local."""
        return self.environment == "test" and self.is_local


def is_loopback(host: str) -> bool:
    """Tell whether a host name is this machine by definition (RFC 6761, section 6.3; RFC 8252, section 7.3)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_stripe_key(environment: Environment, key: Secret | None) -> None:
    """Check that a key of Stripe is of the environment: no test may move real money.

    Raises:
        InvalidSetting: it is of the other one.
    """
    kind = "" if key is None else key.reveal().partition("_")[2].partition("_")[0]
    if kind in ("test", "live") and kind != environment:
        raise _invalid("stripe_secret_key", f"is a {kind} key, and the environment is {environment}")


def _is_here(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def _check_base_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("base_url", "is not an address") from None
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment or parts.path or port == 0:
        raise _invalid("base_url", "is not a plain origin such as https://billing.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise _invalid("base_url", "is not https; plain http is for loopback addresses only")


def _check_database_url(url: str) -> None:
    if url.partition("://")[0].partition("+")[0] not in ("sqlite", "postgresql"):
        raise _invalid("database_url", "is neither sqlite:// nor postgresql://")


def _check_usage_url(url: str | None) -> None:
    kinds = ("sqlite", "postgresql", "clickhouse", "clickhouses", "chdb")
    if url is not None and url.partition("://")[0].partition("+")[0] not in kinds:
        raise _invalid("usage_url", f"begins with none of {', '.join(f'{kind}://' for kind in kinds)}")


def _check_mail(smtp_url: Secret | None, mail_from: str | None) -> None:
    if smtp_url is None:
        return
    try:
        parts = urlsplit(smtp_url.reveal())
        port = parts.port
    except ValueError:
        raise _invalid("smtp_url", "is not an address") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == 0:
        raise _invalid("smtp_url", "is neither smtp://host nor smtps://host")
    if parts.query or parts.fragment or parts.path.strip("/") or bool(parts.username) != bool(parts.password):
        raise _invalid("smtp_url", "has more than user, password, host and port, or a user without a password")
    domain = (mail_from or "").rpartition("@")[2].rstrip("> ")
    if mail_from is None or not domain or not mail_from.isprintable() or "," in mail_from:
        raise _invalid("mail_from", "is not one address such as Example <billing@example.com>, which smtp_url needs")


def _check_environment(settings: Settings) -> None:
    if settings.environment not in get_args(Environment):
        raise _invalid("environment", "is neither test nor live")
    if settings.environment == "live" and not settings.is_secure:
        raise _invalid("base_url", "is plain http in a live environment")
    if settings.environment == "live" and settings.database_url in ("sqlite://", "sqlite:///:memory:"):
        raise _invalid("database_url", "keeps everything in memory in a live environment")


def _is_contact(text: str) -> bool:
    is_plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= 256
    return is_plain and text.startswith(("mailto:", "https://"))


def _read(name: str, annotation: Any, text: str) -> Any:
    if annotation == "int":
        if not text.isascii() or not text.isdecimal() or len(text) > 12:
            raise _invalid(name, "is not a whole number")
        return int(text)
    if annotation == "Secret | None":
        return Secret(text)
    if annotation == "bool":
        if text.lower() not in ("true", "false"):
            raise _invalid(name, "is neither true nor false")
        return text.lower() == "true"
    return text


def _invalid(name: str, problem: str) -> InvalidSetting:
    variable = PREFIX + name.upper()
    # The value itself is left out: a database address carries a password.
    return InvalidSetting(f"{name} {problem}", remedy=f"Correct {name}=... or {variable}.", setting=variable)
