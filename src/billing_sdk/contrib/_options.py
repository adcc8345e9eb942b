"""What `Billing(...)` takes beside the settings of the client."""

from __future__ import annotations

from typing import Final, cast

from billing_sdk._config import ClientSettings, require_known
from billing_sdk.contrib._sessions import SessionStore
from billing_sdk.contrib._visit import local_path
from billing_sdk.errors import InvalidSetting
from billing_sdk.webhooks import SeenStore

PREFIX: Final = "/billing"
HOME: Final = "/"
SESSION_SECONDS: Final = 43_200
SHORTEST_SESSION: Final = 60
LONGEST_SESSION: Final = 31_536_000


class BillingOptions(ClientSettings, total=False):
    """The options of `Billing`, and all of `ClientSettings`, for a client that is made here.

    Attributes:
        sessions: where sessions are kept; by default in this process.
        seen: where handled events are remembered; by default in this process.
        prefix: path of the routes; `/billing` by default. The redirect URI has to end with `{prefix}/callback`.
        home: path for a visitor who comes from nowhere in particular; `/` by default.
        session_secret: signs cookies, 16 characters or more; or `BILLING_SESSION_SECRET`.
        session_seconds: after this long everybody signs in again; a minute to a year, twelve hours by default.
    """

    sessions: SessionStore
    seen: SeenStore
    prefix: str
    home: str
    session_secret: str | bytes | None
    session_seconds: int


def client_settings(options: BillingOptions) -> ClientSettings:
    """Return those of the options that are the client's."""
    names = ClientSettings.__annotations__
    return cast("ClientSettings", {name: value for name, value in options.items() if name in names})


def check(options: BillingOptions) -> None:
    """Check what can be checked before there is an application.

    Raises:
        InvalidSetting: there is no such option, or its value can't work.
    """
    require_known(options, BillingOptions.__annotations__)
    seconds = options.get("session_seconds", SESSION_SECONDS)
    if type(seconds) is not int or not SHORTEST_SESSION <= seconds <= LONGEST_SESSION:
        raise InvalidSetting(
            f"session_seconds has to be a whole number from {SHORTEST_SESSION} to {LONGEST_SESSION}, not {seconds!r}",
            setting="session_seconds",
        )
    require_path("home", options.get("home", HOME))
    prefix = options.get("prefix", PREFIX)
    require_path("prefix", prefix)
    if prefix.endswith("/"):
        raise InvalidSetting(f"prefix is a path without a slash at its end, not {prefix!r}", setting="prefix")


def require_path(name: str, value: object) -> None:
    """Raise `InvalidSetting` for what is not a path of this application alone, such as `//evil.example`."""
    if not isinstance(value, str) or local_path(value) is None or "?" in value or "#" in value:
        raise InvalidSetting(f"{name} is a path of this application such as /billing, not {value!r}", setting=name)
