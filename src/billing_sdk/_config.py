"""The settings of one client: from arguments, or from `BILLING_*` in the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any, Final, TypedDict
from urllib.parse import urlsplit

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidSetting, MissingSetting
from billing_sdk.journal import Journal

_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(:[0-9]{1,5})?", re.ASCII)
DEFAULT_SCOPES: Final = ("openid", "profile", "email", "offline")

_VARIABLES: Final = {
    "issuer": "BILLING_ISSUER",
    "client_id": "BILLING_CLIENT_ID",
    "client_secret": "BILLING_CLIENT_SECRET",
    "redirect_uri": "BILLING_REDIRECT_URI",
    "logout_redirect_uri": "BILLING_LOGOUT_REDIRECT_URI",
    "m2m_client_id": "BILLING_M2M_CLIENT_ID",
    "m2m_client_secret": "BILLING_M2M_CLIENT_SECRET",
    "audience": "BILLING_AUDIENCE",
    "webhook_endpoint_id": "BILLING_WEBHOOK_ENDPOINT_ID",
    "journal": "BILLING_JOURNAL",
}


class ClientSettings(TypedDict, total=False):
    """What `Client(...)` and `AsyncClient(...)` take; each setting may come from the environment instead.

    Attributes:
        issuer: the provider's address, such as `https://acme.kinde.com`; or `BILLING_ISSUER`.
        client_id: the application's id, for sign-ins; or `BILLING_CLIENT_ID`.
        client_secret: goes with it; or `BILLING_CLIENT_SECRET`.
        redirect_uri: where the provider sends a signed-in visitor back to; or `BILLING_REDIRECT_URI`.
        logout_redirect_uri: where it sends a signed-out visitor; or `BILLING_LOGOUT_REDIRECT_URI`.
        m2m_client_id: id of the machine-to-machine application; or `BILLING_M2M_CLIENT_ID`.
        m2m_client_secret: goes with it; or `BILLING_M2M_CLIENT_SECRET`.
        audience: whom the machine token is for; or `BILLING_AUDIENCE`; by default the issuer's `/api`.
        webhook_endpoint_id: accept webhooks for this endpoint only; or `BILLING_WEBHOOK_ENDPOINT_ID`.
        journal: path of a file that keeps usage which can't be told to the provider now; or `BILLING_JOURNAL`; by
            default there is none.
        accepted_clients: ids of other applications of the issuer whose bearer tokens gates take; or
            `BILLING_ACCEPTED_CLIENTS`, separated by spaces.
        scopes: what a sign-in asks for; or `BILLING_SCOPES`, separated by spaces.
        deadline_seconds: no call takes longer, its retries included; 10 by default.
        stale_keys_seconds: for so long the issuer's known keys are used while it does not answer; a day by default
            and at most.
        longest_token_seconds: a token that was made for longer is refused; a day by default.
        now: tells the time as an aware UTC `datetime`, for tests that travel.
    """

    issuer: str | None
    client_id: str | None
    client_secret: str | None
    redirect_uri: str | None
    logout_redirect_uri: str | None
    m2m_client_id: str | None
    m2m_client_secret: str | None
    audience: str | None
    webhook_endpoint_id: str | None
    journal: str | None
    accepted_clients: Sequence[str] | None
    scopes: Sequence[str] | None
    deadline_seconds: float
    stale_keys_seconds: float
    longest_token_seconds: float
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Config:
    """What one client knows about its provider and about itself.

    Attributes:
        issuer: the provider's address without a trailing slash; https unless the host is loopback.
        client_id: the application's own id; needed for sign-ins.
        client_secret: goes with it; a public client has none.
        redirect_uri: where the provider sends a signed-in visitor back to.
        logout_redirect_uri: where the provider sends a signed-out visitor.
        m2m_client_id: id of the machine-to-machine application; needed for the Management API.
        m2m_client_secret: goes with it.
        audience: whom the machine token is for; by default the issuer's `/api`.
        webhook_endpoint_id: a webhook made for another endpoint is refused; without it, `aud` is not compared.
        journal: path of a file that keeps usage which can't be told to the provider now.
        accepted_clients: ids of other applications of the issuer whose bearer tokens gates take.
        scopes: what a sign-in asks for; `offline` brings a refresh token.
        deadline_seconds: no call takes longer, its retries included.
        stale_keys_seconds: for so long the issuer's known keys are used while it does not answer.
        longest_token_seconds: a token that was made for longer is refused.
    """

    issuer: str
    client_id: str | None = None
    client_secret: Secret | None = None
    redirect_uri: str | None = None
    logout_redirect_uri: str | None = None
    m2m_client_id: str | None = None
    m2m_client_secret: Secret | None = None
    audience: str | None = None
    webhook_endpoint_id: str | None = None
    journal: str | None = None
    accepted_clients: tuple[str, ...] = ()
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    deadline_seconds: float = 10.0
    stale_keys_seconds: float = 86_400.0
    longest_token_seconds: float = 86_400.0

    def __post_init__(self) -> None:
        issuer = self.issuer.rstrip("/")
        if not is_safe_address(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
            raise InvalidSetting(
                "the issuer has to be an https address",
                remedy="Give https://HOST, or http://127.0.0.1:PORT for a server on this machine.",
                setting=_VARIABLES["issuer"],
            )
        if not 0 < self.deadline_seconds <= 300:
            raise InvalidSetting("deadline_seconds has to be above 0 and at most 300")
        if not 0 <= self.stale_keys_seconds <= 86_400:
            raise InvalidSetting("stale_keys_seconds has to be 0 to 86,400")
        if not 0 < self.longest_token_seconds <= 366 * 86_400:
            raise InvalidSetting("longest_token_seconds has to be above 0 and at most a year")
        object.__setattr__(self, "issuer", issuer)
        for name in ("client_secret", "m2m_client_secret"):
            object.__setattr__(self, name, Secret.of(getattr(self, name)))
        for name in ("redirect_uri", "logout_redirect_uri"):
            address = getattr(self, name)
            if address is not None and not is_safe_address(address):
                raise InvalidSetting(f"{name} has to be an https address", setting=_VARIABLES[name])
        if self.client_id is None and self.m2m_client_id is None:
            raise MissingSetting("client_id", _VARIABLES["client_id"])
        if self.m2m_client_id is not None:
            self.require("m2m_client_secret")

    @classmethod
    def load(cls, settings: ClientSettings, *, environ: Mapping[str, str] | None = None) -> Config:
        """Take each setting from what was given, else from the environment.

        Raises:
            MissingSetting: there is no issuer, or no client id of either kind; the error names argument and variable.
            InvalidSetting: there is no such setting, or an address is not https and its host is not loopback.
        """
        require_known(settings, ClientSettings.__annotations__)
        environ = os.environ if environ is None else environ
        given: Mapping[str, Any] = settings
        found: dict[str, Any] = {
            name: given.get(name) or environ.get(variable) or None for name, variable in _VARIABLES.items()
        }
        issuer = found.pop("issuer")
        if issuer is None:
            raise MissingSetting("issuer", _VARIABLES["issuer"])
        return cls(
            issuer=issuer,
            accepted_clients=words("accepted_clients", settings.get("accepted_clients"), environ),
            scopes=words("scopes", settings.get("scopes"), environ) or DEFAULT_SCOPES,
            deadline_seconds=settings.get("deadline_seconds", 10.0),
            stale_keys_seconds=settings.get("stale_keys_seconds", 86_400.0),
            longest_token_seconds=settings.get("longest_token_seconds", 86_400.0),
            **found,
        )

    def require(self, *names: str) -> None:
        """Raise `MissingSetting` for the first of these settings that has no value."""
        for name in names:
            self.value(name)

    def value(self, name: str) -> str:
        """Return a setting's text, or raise `MissingSetting` that names its argument and its variable."""
        found: str | Secret | None = getattr(self, name)
        if not found:
            raise MissingSetting(name, _VARIABLES[name])
        return found.reveal() if isinstance(found, Secret) else found

    def opened_journal(self) -> Journal | None:
        """Return the journal that the setting names; None where it names none.

        Raises:
            Unreachable: the file can't be opened, or is not a journal.
        """
        return None if self.journal is None else Journal(self.journal)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the issuer."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def management_audience(self) -> str:
        """Whom the machine token is for."""
        return self.audience or f"{self.issuer}/api"

    @property
    def bearer_parties(self) -> frozenset[str]:
        """To whom a bearer token may have been issued, or for whom it may be, so that a gate takes it.

        The issuer's own API is none of them: every machine token of every application is for it.
        """
        own = {self.client_id, self.audience, *self.accepted_clients}
        return frozenset(party for party in own if party and not self._is_management(party))

    def _is_management(self, audience: str) -> bool:
        return audience.rstrip("/").partition("://")[2] == f"{self.issuer}/api".partition("://")[2]

    @property
    def has_machine(self) -> bool:
        """Whether the Management API can be called."""
        return self.m2m_client_id is not None


def require_known(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `InvalidSetting` for the first name that there is not, with the nearest that there is.

    A setting with a slip in its name would be left at its default, and nobody would know.
    """
    names = sorted(known)
    for name in sorted(set(given).difference(names)):
        nearest = get_close_matches(name, names, n=1)
        remedy = f"Did you mean {nearest[0]}?" if nearest else f"There are {', '.join(names)}."
        raise InvalidSetting(f"there is no setting {name}", remedy=remedy, setting=name)


def words(name: str, given: Sequence[str] | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return a setting that is a list of words, in the environment separated by spaces.

    Raises:
        InvalidSetting: it was given as one text, which would be read as a list of its letters.
    """
    if isinstance(given, str):
        raise InvalidSetting(f"{name} is a list, not one text", remedy=f"Pass {name}={given.split()!r}.")
    return tuple(given or environ.get(f"BILLING_{name.upper()}", "").split())


def is_loopback(host: str) -> bool:
    """Return whether a host name or literal address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_plain_authority(authority: str) -> bool:
    """Return whether host and port of an address mean the same to every reader.

    With a name and a password, a second host or a bracket in the middle, two readers see two different hosts.
    """
    return _AUTHORITY.fullmatch(authority) is not None


def is_safe_address(address: str) -> bool:
    """Return whether an address is absolute, clean, and https (http on loopback only)."""
    if not address.isprintable() or " " in address or "\\" in address:
        return False
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not is_plain_authority(parts.netloc):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
