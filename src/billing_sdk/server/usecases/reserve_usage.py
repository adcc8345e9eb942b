"""Reserve usage: set units of a metered feature aside before they are used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from billing_sdk.errors import Conflict, CreditExhausted, InvalidRequest, PaymentRequired
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.entitlements import Allowance, allowance_of
from billing_sdk.server.domain.metering import Reservation, parse_units, require_room, share_of
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.record_usage import require_metered
from billing_sdk.server.usecases.require_credit import require_credit
from billing_sdk.server.usecases.room_of import room_of


def reserve_usage(
    engine: Engine,
    *,
    feature_key: str,
    units: str,
    agreement_id: str | None = None,
    user_id: str | None = None,
    org_code: str | None = None,
    requires_credit: bool = False,
) -> Reservation:
    """Set units of a period aside, if what is used, what is held and these together stay within the limit.

    Where a person and their organization both have an agreement that includes the feature, the more generous one
    counts, which is the limit that the person's entitlements show.

    Args:
        engine: the engine.
        feature_key: a metered feature.
        units: how many, in plain decimal digits; more than zero.
        agreement_id: under which agreement they are used; or else
        user_id: who uses them, and
        org_code: for which organization.
        requires_credit: whether credit has to pay for them.

    Raises:
        InvalidRequest: it is not said who uses them, or said twice.
        InvalidQuantity: the units are not a plain decimal number above zero.
        NotFound: there is no such agreement.
        PaymentRequired: nothing that the customer has agreed to includes the feature.
        LimitReached: it does, and what is left is not enough.
        CreditExhausted: there is room, and not enough credit.
        UnknownFeature: the feature is not metered.
        Conflict: the agreement ended a moment ago.
    """
    asked = parse_units(units)
    with engine.begin() as tx:
        asking = _asking(engine, tx, feature_key, agreement_id, user_id, org_code)
        asking.check(tx, asked, requires_credit)
        return asking.set_aside(
            tx, asked, for_seconds=engine.settings.reservation_seconds, requires_credit=requires_credit
        )


def lease_usage(
    engine: Engine,
    *,
    feature_key: str,
    units: str,
    least: str = "1",
    agreement_id: str | None = None,
    user_id: str | None = None,
    org_code: str | None = None,
    requires_credit: bool = False,
) -> Reservation:
    """Set units aside for uses that a process lets in by itself, and reports in parts.

    It gets at most half of what is left, and at least what it needs now, so that several processes come to the end of
    a limit alike.

    Args:
        engine: the engine.
        feature_key: a metered feature.
        units: how many are wished for.
        least: how many are needed now; fewer are of no use.
        agreement_id: as for `reserve_usage`.
        user_id: as for `reserve_usage`.
        org_code: as for `reserve_usage`.
        requires_credit: whether credit has to pay for all that is set aside.

    Raises:
        APIError: as `reserve_usage`; a limit is reached where there is no room for what is needed now.
    """
    wished, needed = parse_units(units), parse_units(least)
    with engine.begin() as tx:
        asking = _asking(engine, tx, feature_key, agreement_id, user_id, org_code)
        asking.check(tx, needed, requires_credit)
        share = share_of(asking.remaining(tx), asked=wished, least=needed)
        if requires_credit and share > needed:
            share = asking.covered(tx, share, needed)
        return asking.set_aside(
            tx,
            share,
            for_seconds=engine.settings.lease_seconds,
            overdue_seconds=engine.settings.overdue_lease_seconds,
            requires_credit=requires_credit,
            is_lease=True,
        )


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for units of which feature, found and locked.

    Attributes:
        at: the customer's present.
    """

    customer: Customer
    allowance: Allowance
    feature_key: str
    at: datetime

    def check(self, tx: UnitOfWork, units: Decimal, requires_credit: bool) -> None:
        """Check that there is room for units, and credit where credit has to pay."""
        require_metered(tx, self.allowance.agreement, self.feature_key)
        check_room(tx, self.allowance, self.feature_key, units, self.at)
        if requires_credit:
            require_credit(tx, self.customer, self.allowance.agreement, self.feature_key, units, at=self.at)

    def remaining(self, tx: UnitOfWork) -> Decimal | None:
        """Return how many units the limit leaves; None is without limit, and with one that use goes on beyond."""
        room = room_of(tx, self.allowance, self.feature_key, self.at)
        return None if room.is_soft else room.remaining

    def covered(self, tx: UnitOfWork, share: Decimal, least: Decimal) -> Decimal:
        """Return a share if credit pays for all of it, else what is needed at least."""
        try:
            require_credit(tx, self.customer, self.allowance.agreement, self.feature_key, share, at=self.at)
        except CreditExhausted:
            return least
        return share

    def set_aside(
        self,
        tx: UnitOfWork,
        units: Decimal,
        *,
        for_seconds: int,
        overdue_seconds: int = 0,
        requires_credit: bool,
        is_lease: bool = False,
    ) -> Reservation:
        """Store the units as held."""
        expires_at = self.at + timedelta(seconds=for_seconds)
        reservation = Reservation(
            id=new_id("reservation"),
            agreement_id=self.allowance.agreement.id,
            feature_key=self.feature_key,
            units=units,
            status="held",
            reserved_at=self.at,
            expires_at=expires_at,
            held_until=expires_at + timedelta(seconds=overdue_seconds),
            requires_credit=requires_credit,
            is_lease=is_lease,
        )
        tx.reservations.add(reservation)
        return reservation


def check_room(tx: UnitOfWork, allowance: Allowance, feature_key: str, asked: Decimal, at: datetime) -> None:
    """Check that the present usage period of an agreement has room; the caller holds the lock on the customer.

    Raises:
        LimitReached: it has not.
    """
    if allowance.limit is None or allowance.is_soft:
        return
    room = room_of(tx, allowance, feature_key, at)
    require_room(feature_key, limit=room.limit, used=room.used, held=room.held, asked=asked, resets_at=room.resets_at)


def _asking(
    engine: Engine,
    tx: UnitOfWork,
    feature_key: str,
    agreement_id: str | None,
    user_id: str | None,
    org_code: str | None,
) -> Asking:
    if (agreement_id is None) == (user_id is None and org_code is None):
        raise InvalidRequest("name the agreement, or else who uses the feature", parameter="customer_agreement_id")
    seen = _allowance(tx, feature_key, agreement_id, user_id, org_code)
    customer = tx.customers.lock(seen.agreement.customer_id)
    # What was seen before the lock may have changed until it was had.
    allowance = _allowance(tx, feature_key, agreement_id, user_id, org_code)
    if allowance.agreement.id != seen.agreement.id:
        raise Conflict("the customer's agreements are being changed", remedy="Send the request again.")
    return Asking(customer, allowance, feature_key, engine.now_for(tx, customer))


def _allowance(
    tx: UnitOfWork, feature_key: str, agreement_id: str | None, user_id: str | None, org_code: str | None
) -> Allowance:
    if agreement_id is not None:
        agreement = tx.agreements.get(agreement_id)
        found = [(agreement, tx.agreements.version_included(agreement))]
    else:
        live = tx.agreements.live_with_plans(user_id=user_id, org_codes=(org_code,) if org_code else ())
        found = [(agreement, version) for agreement, version, _ in live]
    allowance = allowance_of(found, feature_key)
    if allowance is None:
        raise PaymentRequired(f"the plan does not include {feature_key[:64]!r}", feature=feature_key[:64])
    return allowance
