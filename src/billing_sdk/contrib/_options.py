"""What `Billing(...)` takes beside the settings of the client."""

from __future__ import annotations

from typing import cast

from billing_sdk._config import ClientSettings
from billing_sdk.contrib._sessions import SessionStore
from billing_sdk.webhooks import SeenStore


class BillingOptions(ClientSettings, total=False):
    """The options of `Billing`, and all of `ClientSettings`, for a client that is made here.

    Attributes:
        sessions: where sessions are kept; by default in this process.
        seen: where handled events are remembered; by default in this process.
        prefix: path of the routes; `/billing` by default. The redirect URI has to end with `{prefix}/callback`.
        home: path for a visitor who comes from nowhere in particular; `/` by default.
        session_secret: signs cookies, 16 characters or more; or `BILLING_SESSION_SECRET`.
        session_seconds: after this long everybody signs in again; twelve hours by default.
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


def require_known(options: BillingOptions) -> None:
    """Raise `TypeError`, as a call does, for an option that there is not."""
    if unknown := sorted(options.keys() - BillingOptions.__annotations__.keys()):
        raise TypeError(f"Billing takes no option {unknown[0]!r}")
