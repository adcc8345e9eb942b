"""What `Billing` is in every framework: its settings, its gates and handlers, and who is signed in."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias, TypeVar, overload
from urllib.parse import urlsplit

from billing_sdk._operation import Flow
from billing_sdk.client import utc_now
from billing_sdk.contrib._answers import Answer, Link, refusal
from billing_sdk.contrib._application import AnyClient, Application, session_secret
from billing_sdk.contrib._gate import open_portal
from billing_sdk.contrib._gated import GatedViews
from billing_sdk.contrib._guard import (
    DENY,
    NeedsFeature,
    NeedsPermission,
    NeedsPlan,
    NeedsUnits,
    OutOfReach,
    Rule,
    WhenUnreachable,
)
from billing_sdk.contrib._links import Links
from billing_sdk.contrib._metered import say_used
from billing_sdk.contrib._options import HOME, PREFIX, SESSION_SECONDS, BillingOptions, check, client_settings
from billing_sdk.contrib._receive import Receiver
from billing_sdk.contrib._sessions import MemorySessions, Session, SignedInUser
from billing_sdk.contrib._sign_in import begin_sign_in, finish_sign_in, sign_out
from billing_sdk.contrib._visit import Visit
from billing_sdk.contrib._who_asks import session_at_hand
from billing_sdk.errors import ConfigurationError, InvalidSetting, Unreachable
from billing_sdk.events import Event
from billing_sdk.webhooks import MemorySeen

LOG = logging.getLogger("billing_sdk.contrib")
View = TypeVar("View", bound=Callable[..., Any])
Handler = TypeVar("Handler", bound=Callable[..., Any])
EVERY_EVENT = "*"
Route: TypeAlias = "Callable[[Application, Visit], Flow[Answer]]"


def answering(flow: Route) -> Route:
    """Let a route say that the store of sessions does not answer, whichever of its steps has found that out."""

    def answered(application: Application, visit: Visit) -> Flow[Answer]:
        try:
            return (yield from flow(application, visit))
        except Unreachable as error:
            LOG.warning("a route can't answer: %s", error.detail)
            return refusal(visit, error, Link("Home", application.home))

    return answered


# The routes below the prefix, and the flow that answers each; webhooks are apart, because they bring a body.
ROUTES: Final[tuple[tuple[str, str, Route], ...]] = tuple(
    (name, method, answering(flow))
    for name, method, flow in (
        ("login", "GET", partial(begin_sign_in, kind="login")),
        ("register", "GET", partial(begin_sign_in, kind="register")),
        ("callback", "GET", finish_sign_in),
        ("logout", "POST", sign_out),
        ("portal", "GET", open_portal),
    )
)


class BillingBase(Links):
    """Billing for one application; `flask.Billing` and `starlette.Billing` say it in their framework's words.

    Args:
        client: made from the options where it is None, and then closed with the application.
        options: see `BillingOptions`.

    Raises:
        InvalidSetting: there is no such option, or its value can't work.
    """

    client_class: ClassVar[type[AnyClient]]

    def __init__(self, client: AnyClient | None, options: BillingOptions) -> None:
        check(options)
        self.prefix = options.get("prefix", PREFIX)
        self._client = client
        self._owns_client = client is None
        self._options = options
        self._application: Application | None = None
        self._handlers: dict[str, list[Callable[[Event], Any]]] = {}
        self._gated_views = GatedViews()
        self._is_metered = False

    @property
    def application(self) -> Application:
        """What the flows of this application share.

        Raises:
            ConfigurationError: `init_app` was not called.
        """
        if self._application is None:
            raise ConfigurationError("Billing has no application yet", remedy="Call billing.init_app(app) first.")
        return self._application

    @property
    def base(self) -> str:
        """Path below which the routes of this package are, such as `/billing`."""
        return self.application.base

    @property
    def issuer(self) -> str:
        """The address of the billing server."""
        return self.application.client.config.issuer

    @property
    def origin(self) -> str:
        """Scheme, host and port of this application, as the billing server knows them: those of its redirect URI."""
        address = urlsplit(self.application.client.config.value("redirect_uri"))
        return f"{address.scheme}://{address.netloc}"

    @property
    def session(self) -> Session | None:
        """The session of whoever sent the present request; None for somebody signed out.

        A bearer token is known from when a gate has verified it.

        Raises:
            Unreachable: the store of sessions does not answer.
        """
        return session_at_hand(self.application, self._visit())

    @property
    def user(self) -> SignedInUser | None:
        """Whoever sent the present request; None for somebody signed out."""
        session = self.session
        return session.user if session else None

    @property
    def counts(self) -> Mapping[str, int]:
        """How often gates let somebody in by less than a current answer, denied, and what became of webhooks.

        The counts are of this process, since it began, and go up only.
        """
        return self.application.counts.read()

    def requires(self, feature: str, *, when_unreachable: WhenUnreachable = DENY) -> Callable[[View], View]:
        """Open a view for customers whose plan includes a feature.

        Args:
            feature: key of the feature.
            when_unreachable: what to do when the billing server can't be asked: `DENY`, `ALLOW`, or `Stale(seconds)`.
        """
        return self._gate(NeedsFeature(feature, when_unreachable))

    def requires_plan(self, *plans: str, when_unreachable: WhenUnreachable = DENY) -> Callable[[View], View]:
        """Open a view for customers who are on one of these plans; `requires` outlives a change of plans."""
        return self._gate(NeedsPlan(plans, when_unreachable))

    def requires_permission(self, permission: str) -> Callable[[View], View]:
        """Open a view for people with a permission in the organization that they are signed in to."""
        return self._gate(NeedsPermission(permission))

    @overload
    def consumes(
        self,
        feature: str,
        *,
        units: Decimal | int = ...,
        requires_credit: bool = ...,
        when_unreachable: OutOfReach = ...,
    ) -> Callable[[View], View]: ...
    @overload
    def consumes(
        self,
        feature: str,
        *,
        units: Decimal | int = ...,
        lease: Decimal | int,
        requires_credit: bool = ...,
        when_unreachable: WhenUnreachable = ...,
    ) -> Callable[[View], View]: ...

    def consumes(
        self,
        feature: str,
        *,
        units: Decimal | int = 1,
        lease: Decimal | int | None = None,
        requires_credit: bool = False,
        when_unreachable: WhenUnreachable = DENY,
    ) -> Callable[[View], View]:
        """Open a view for customers whose plan leaves room for units of a metered feature, and count them.

        They are reserved before the view runs, so that however many ask at once the limit holds. They are counted
        when it has answered, and given back where it raises or answers with a status of 400 or more. A stream counts
        as answered when the view has returned it.

        Args:
            feature: key of the feature.
            units: how many one call of the view uses, if the view does not say so itself with `used`.
            lease: how many units this process holds at a time, so that it decides by itself within microseconds; fewer
                are given where the limit is near. Without it the server is asked for each call.
            requires_credit: whether credit has to pay for them, as far as they cost anything: for customers who pay
                beforehand.
            when_unreachable: what to do when the billing server can't be asked: `DENY`, or `ALLOW`, which lets in
                without counting, or has it counted later where there is a journal. With a lease also
                `Stale(seconds)`, which goes on with the units that are at hand for so long after the lease's end.

        Raises:
            MissingSetting: the client has no machine credentials, which usage is counted with.
        """
        rule = NeedsUnits(feature, when_unreachable, units, requires_credit, lease)
        self._is_metered = True
        if self._application is not None:
            require_machine(self._application)
        return self._meter(rule)

    def used(self, units: Decimal | int, *, feature: str | None = None) -> None:
        """Say how many units the running view has really used, such as the tokens of a reply.

        It may be fewer than `consumes` has reserved, or none; if it is more, all of it counts, because it was used.
        What is said last counts, and only where the view delivers something.

        Args:
            units: how many.
            feature: of which feature, where the view is metered by several.

        Raises:
            ConfigurationError: no metered view is running, or it is not clear which feature is meant.
            InvalidQuantity: the units are not a number of zero or more.
        """
        say_used(units, feature)

    def on(self, event_type: str) -> Callable[[Handler], Handler]:
        """Call a function with each event of a type, or with every event for `*`.

        The event is verified, and handled once however often it is sent. A handler that raises is called again
        when the event is sent again; so are the others of that event.
        """

        def register(handler: Handler) -> Handler:
            self._handlers.setdefault(event_type, []).append(handler)
            return handler

        return register

    def sign_return_url(self, url: str) -> str:
        """Mark an address as written by this application, so that the portal route can tell it from any other."""
        return self.application.return_urls.sign(url.encode()).decode()

    def handlers_of(self, event: Event) -> list[Callable[[Event], Any]]:
        """Return the functions that want an event, in the order in which they were registered."""
        return [*self._handlers.get(event.type, ()), *self._handlers.get(EVERY_EVENT, ())]

    @property
    def helpers(self) -> dict[str, Any]:
        """What templates see."""
        names = ("register_link", "login_link", "logout_link", "portal_button", "pricing_table")
        return {"billing": self, **{name: getattr(self, name) for name in names}}

    def _assemble(self, *other_secrets: str | bytes | None) -> Application:
        """Read the settings, and become the billing of one application.

        Raises:
            MissingSetting: a setting was given neither as an argument nor in the environment.
            InvalidSetting: a setting can't work, or this is the billing of another application already.
        """
        if self._application is not None:
            raise InvalidSetting("this Billing has an application already", remedy="Make one Billing for each.")
        options = self._options
        sessions, seen = options.get("sessions"), options.get("seen")
        secret = session_secret(options.get("session_secret"), *other_secrets)
        self._application = Application.assemble(
            self._client or self.client_class(**client_settings(options)),
            MemorySessions() if sessions is None else sessions,
            prefix=self.prefix,
            home=options.get("home", HOME),
            secret=secret,
            session_time=timedelta(seconds=options.get("session_seconds", SESSION_SECONDS)),
            now=options.get("now", utc_now),
        )
        if self._is_metered:
            require_machine(self._application)
        self.receiver = Receiver(self._application, MemorySeen() if seen is None else seen)
        return self._application

    @abstractmethod
    def _visit(self) -> Visit:
        """Return the present request."""

    @abstractmethod
    def _gate(self, rule: Rule) -> Callable[[View], View]:
        """Return a decorator that guards a view by a rule."""

    @abstractmethod
    def _meter(self, rule: NeedsUnits) -> Callable[[View], View]:
        """Return a decorator that reserves what a view uses, and says what became of it."""


def require_machine(application: Application) -> None:
    """Raise `MissingSetting` where usage can't be counted, for want of credentials."""
    application.client.config.require("m2m_client_id", "m2m_client_secret")
