"""What a gate decides: a function of who asks, a rule, what is known of the customer, and the time.

Nothing here asks a clock, a store or a server. The frameworks turn the decision into their own answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final, TypeAlias

from billing_sdk.contrib._sessions import Session
from billing_sdk.entitlements import USABLE_SECONDS
from billing_sdk.errors import BillingError, Forbidden, InvalidSetting, PaymentRequired, Unreachable
from billing_sdk.models import EntitlementSnapshot
from billing_sdk.resources import exact_count

LONGEST_STALE_SECONDS: Final = 900
# A snapshot up to this age decides by itself; an older one only where the server can't be asked.
CURRENT: Final = timedelta(seconds=USABLE_SECONDS)
# A clock that is corrected goes back by less; one that goes back by more makes every age a guess.
CLOCK_TOLERANCE: Final = timedelta(seconds=5)
WRITE_BILLING: Final = "org:write:billing"
UNITS: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,12})?")
KEY: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class OutOfReach(Enum):
    """What a gate does when the billing server can't be asked."""

    DENY = "deny"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Stale:
    """Go on with the last known answer while it is at most this old; at most 900 seconds.

    Raises:
        InvalidSetting: the time is not between 1 and 900 seconds.
    """

    seconds: int = 300

    def __post_init__(self) -> None:
        if type(self.seconds) is not int or not 1 <= self.seconds <= LONGEST_STALE_SECONDS:
            raise InvalidSetting(f"Stale takes 1 to {LONGEST_STALE_SECONDS} whole seconds, not {self.seconds!r}")


WhenUnreachable: TypeAlias = OutOfReach | Stale
DENY: Final = OutOfReach.DENY
ALLOW: Final = OutOfReach.ALLOW


@dataclass(frozen=True, slots=True)
class NeedsFeature:
    """Open for customers whose plan includes a feature."""

    feature: str
    when_unreachable: WhenUnreachable = DENY

    def __post_init__(self) -> None:
        check_key(self.feature, "a feature")
        check_choice(self.when_unreachable)

    def missing(self, snapshot: EntitlementSnapshot) -> PaymentRequired | None:
        """Return what is missing, or None."""
        if snapshot.has(self.feature):
            return None
        return PaymentRequired(f"your plan does not include {self.feature}", feature=self.feature)


@dataclass(frozen=True, slots=True)
class NeedsPlan:
    """Open for customers who are on one of these plans."""

    plans: tuple[str, ...]
    when_unreachable: WhenUnreachable = DENY

    def __post_init__(self) -> None:
        if not self.plans:
            raise InvalidSetting("requires_plan needs at least one plan", remedy="Name the plans that open the view.")
        for plan in self.plans:
            check_key(plan, "a plan")
        check_choice(self.when_unreachable)

    def missing(self, snapshot: EntitlementSnapshot) -> PaymentRequired | None:
        """Return what is missing, or None."""
        if snapshot.on_plan(*self.plans):
            return None
        return PaymentRequired(f"this needs the plan {' or '.join(self.plans)}", plans=list(self.plans))


@dataclass(frozen=True, slots=True)
class NeedsPermission:
    """Open for people who may do something in their organization."""

    permission: str

    def __post_init__(self) -> None:
        check_key(self.permission, "a permission")


Rule: TypeAlias = NeedsFeature | NeedsPlan | NeedsPermission


@dataclass(frozen=True, slots=True)
class NeedsUnits(NeedsFeature):
    """Open for customers whose plan includes a metered feature and leaves room for so many units of it.

    Attributes:
        requires_credit: whether credit has to pay for them, as far as they cost anything.
        lease: how many units this process holds at a time, to decide by itself; None asks the server each time.
        count: the units as a whole number of the smallest part that there is.
    """

    units: Decimal | int = 1
    requires_credit: bool = False
    lease: Decimal | int | None = None
    count: int = field(init=False)

    def __post_init__(self) -> None:
        check_key(self.feature, "a feature")
        check_choice(self.when_unreachable)
        check_units("units", self.units)
        if self.lease is not None:
            check_units("lease", self.lease)
            if self.lease < self.units:
                raise InvalidSetting(f"a lease of {self.lease} has no room for {self.units} units")
        elif not isinstance(self.when_unreachable, OutOfReach):
            raise InvalidSetting(
                f"when_unreachable is DENY or ALLOW, not {self.when_unreachable!r}",
                remedy="An old answer does not tell how much is left; only a lease can be gone on with.",
            )
        object.__setattr__(self, "count", exact_count(self.units))


class Basis(Enum):
    """What a visitor is let in by: a current answer, an old one, or none because the gate was told so."""

    CURRENT = "current"
    STALE = "stale"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Allow:
    """The view runs.

    Attributes:
        basis: what that rests on; anything but a current answer is put on record.
    """

    basis: Basis


@dataclass(frozen=True, slots=True)
class SignIn:
    """Nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The view does not run.

    Attributes:
        error: what is missing, and its status.
        upgrade: section of the portal in which the visitor can get it, if there is one.
    """

    error: BillingError
    upgrade: str | None = None


Decision: TypeAlias = Allow | SignIn | Deny
ALLOWED: Final = Allow(Basis.CURRENT)
LET_IN_STALE: Final = Allow(Basis.STALE)
UNCHECKED: Final = Allow(Basis.UNCHECKED)
SIGN_IN: Final = SignIn()


def decide(session: Session | None, rule: Rule, snapshot: EntitlementSnapshot | None, at: datetime) -> Decision:
    """Decide whether a view runs.

    Args:
        session: whoever asks; its access token may have run out where it could not be renewed.
        rule: what the gate needs.
        snapshot: the last that is known of the customer, however old; None where nothing is.
        at: now.
    """
    if session is None:
        return SIGN_IN
    if isinstance(rule, NeedsPermission):
        return decide_permission(session, rule, at)
    if snapshot is None or not is_within(snapshot, CURRENT, at):
        return decide_out_of_reach(session, rule, snapshot, at)
    return decide_by(snapshot, rule, session, ALLOWED)


def is_within(snapshot: EntitlementSnapshot, age: timedelta, at: datetime) -> bool:
    """Whether a snapshot is at most so old; one of the future says that the clock was set back, and not how far."""
    return -CLOCK_TOLERANCE <= at - snapshot.taken_at <= age


def decide_by(
    snapshot: EntitlementSnapshot, rule: NeedsFeature | NeedsPlan, session: Session, allowed: Allow
) -> Decision:
    """Decide from what is known."""
    missing = rule.missing(snapshot)
    return allowed if missing is None else Deny(missing, upgrade_section(session))


def decide_permission(session: Session, rule: NeedsPermission, at: datetime) -> Decision:
    """Decide from the claims of the access token, for as long as it is valid."""
    if session.tokens.expires_at <= at:
        return Deny(Unreachable("your permissions can't be checked right now"))
    if rule.permission in session.permissions:
        return ALLOWED
    return Deny(Forbidden(f"this needs the permission {rule.permission}", permission=rule.permission))


def decide_out_of_reach(
    session: Session, rule: NeedsFeature | NeedsPlan, snapshot: EntitlementSnapshot | None, at: datetime
) -> Decision:
    """Decide as the gate was told to when the billing server can't be asked."""
    told = rule.when_unreachable
    if told is ALLOW:
        return UNCHECKED
    if isinstance(told, Stale) and snapshot is not None and is_within(snapshot, timedelta(seconds=told.seconds), at):
        return decide_by(snapshot, rule, session, LET_IN_STALE)
    return Deny(Unreachable("your plan can't be checked right now"))


def upgrade_section(session: Session) -> str:
    """Return the section of the portal in which this visitor can choose a plan: the organization's, or their own."""
    pays_for_organization = session.org_code is not None and WRITE_BILLING in session.permissions
    return "organization_plan_selection" if pays_for_organization else "plan_selection"


def check_key(key: object, noun: str) -> None:
    """Raise `InvalidSetting` for what can't be the key of anything: a gate with a slip in it would never open."""
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise InvalidSetting(f"{key!r} is not the key of {noun}", remedy="Use letters, digits and _ . : - only.")


def check_units(name: str, units: object) -> None:
    """Raise `InvalidSetting` for what the billing server would not count: it would refuse each request."""
    digits = f"{Decimal(units):f}" if type(units) in (Decimal, int) else ""  # type: ignore[arg-type] # of these types
    if not UNITS.fullmatch(digits) or not Decimal(digits):
        raise InvalidSetting(f"{name} is a whole or decimal number above zero, not {units!r}")


def check_choice(told: object) -> None:
    """Raise `InvalidSetting` for what is no choice, such as the text "allow": to open unchecked is said expressly."""
    if not isinstance(told, OutOfReach | Stale):
        raise InvalidSetting(f"when_unreachable is DENY, ALLOW or Stale(seconds), not {told!r}")
