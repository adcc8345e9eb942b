"""Reserve usage: set units of a metered feature aside before they are used."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from billing_sdk.errors import Conflict, InvalidRequest, PaymentRequired
from billing_sdk.server.domain.entitlements import Allowance, allowance_of
from billing_sdk.server.domain.metering import Reservation, parse_units, require_room
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
    if (agreement_id is None) == (user_id is None and org_code is None):
        raise InvalidRequest("name the agreement, or else who uses the feature", parameter="customer_agreement_id")
    asked = parse_units(units)
    with engine.begin() as tx:
        seen = _allowance(tx, feature_key, agreement_id, user_id, org_code)
        customer = tx.customers.lock(seen.agreement.customer_id)
        at = engine.now_for(tx, customer)
        # What was seen before the lock may have changed until it was had.
        allowance = _allowance(tx, feature_key, agreement_id, user_id, org_code)
        if allowance.agreement.id != seen.agreement.id:
            raise Conflict("the customer's agreements are being changed", remedy="Send the request again.")
        require_metered(tx, allowance.agreement, feature_key)
        check_room(tx, allowance, feature_key, asked, at)
        if requires_credit:
            require_credit(tx, customer, allowance.agreement, feature_key, asked, at=at)
        reservation = Reservation(
            id=new_id("reservation"),
            agreement_id=allowance.agreement.id,
            feature_key=feature_key,
            units=asked,
            status="held",
            reserved_at=at,
            expires_at=at + timedelta(seconds=engine.settings.reservation_seconds),
            requires_credit=requires_credit,
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
    require_room(feature_key, limit=room.limit, used=room.used, held=room.held, asked=asked)


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
