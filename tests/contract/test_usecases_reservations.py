"""Reservations: a limit that holds whoever asks at once, and what becomes of units that nobody has settled."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AgreementNotLive,
    InvalidQuantity,
    InvalidRequest,
    LimitReached,
    NotFound,
    PaymentRequired,
    ReservationEnded,
    UnknownFeature,
)
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.commit_reservation import commit_reservation
from billing_sdk.server.usecases.create_billed_organization import create_billed_organization
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.release_reservation import release_reservation
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.test_usecases_at_once import at_once, codes
from tests.engines import advance, events_of, payer

pytestmark = pytest.mark.attack(108)
CALLERS = 30
# The free plan includes 1,000 tokens: ten times this.
TENTH = "100"
# Nobody else asks, so one database is as good as another.
alone = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def customer(engine):
    """Ada, who is on the free plan."""
    found = payer(engine)
    subscribe(engine, customer_id=found.id, plan_key="free")
    return found


@pytest.fixture
def agreement(engine, customer):
    """Her agreement, which includes 1,000 tokens a month."""
    with engine.read() as tx:
        [found] = tx.agreements.live_of(customer.id)
    return found


@pytest.fixture
def reserve(engine, customer):
    """Reserve tokens for Ada."""

    def reserve(units=TENTH, **who):
        return reserve_usage(engine, feature_key="ai_tokens", units=units, **(who or {"user_id": customer.user_id}))

    return reserve


@pytest.fixture
def settle(engine):
    """Commit or release a reservation."""

    def settle(verb, reservation):
        act = commit_reservation if verb == "commit" else release_reservation
        return act(engine, reservation_id=reservation.id, agreement_id=reservation.agreement_id)

    return settle


def used(engine, agreement):
    with engine.read() as tx:
        return tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(engine.now()))


def live_of(engine, customer):
    with engine.read() as tx:
        return tx.agreements.live_of(customer.id)


def test_of_many_who_ask_at_once_exactly_as_many_are_admitted_as_there_is_room_for(engine, agreement, reserve):
    answers = at_once(lambda _: reserve(), CALLERS)

    assert codes(answers) == {"ok": 10, "limit_reached": CALLERS - 10}
    assert used(engine, agreement) == 0


def test_whoever_commits_or_releases_at_once_leaves_exactly_the_limit_used(engine, agreement, reserve, settle):
    def use(number):
        reservation = reserve()
        return settle("release" if number % 3 == 0 else "commit", reservation)

    committed = [answer for answer in at_once(use) if getattr(answer, "status", "") == "committed"]
    assert used(engine, agreement) == len(committed) * 100 <= 1000

    rest = at_once(lambda _: settle("commit", reserve()))
    assert codes(rest)["ok"] == 10 - len(committed)
    assert used(engine, agreement) == 1000


def test_usage_that_is_reported_beside_it_counts_as_well(engine, agreement, reserve):
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="850")

    answers = at_once(lambda _: reserve("50"), 8)

    assert codes(answers) == {"ok": 3, "limit_reached": 5}
    refusal = next(answer for answer in answers if isinstance(answer, LimitReached))
    assert (refusal.facts["limit"], refusal.facts["used"], refusal.facts["held"]) == (1000, "850", "150")


@alone
def test_what_is_released_can_be_used_by_another(reserve, settle):
    first = reserve("1000")
    with pytest.raises(LimitReached):
        reserve("1")

    settle("release", first)

    assert settle("release", first).status == "released"
    assert reserve("1000").units == 1000


@alone
def test_what_is_committed_is_counted_once_and_announced(engine, agreement, reserve, settle):
    reservation = reserve("1000")

    assert {settle("commit", reservation).status for _ in range(3)} == {"committed"}

    assert used(engine, agreement) == 1000
    assert events_of(engine, agreement.customer_id).count("customer.meter_usage_updated") == 1
    with pytest.raises(LimitReached):
        reserve("1")


def test_committed_many_times_at_once_is_counted_once(engine, agreement, reserve, settle):
    reservation = reserve()

    assert codes(at_once(lambda _: settle("commit", reservation), 8)) == {"ok": 8}
    assert used(engine, agreement) == 100


@alone
def test_what_was_used_is_not_given_back_and_the_other_way_round(engine, agreement, reserve, settle):
    kept, dropped = reserve(), reserve()
    settle("commit", kept)
    settle("release", dropped)

    with pytest.raises(ReservationEnded):
        settle("release", kept)
    with pytest.raises(ReservationEnded):
        settle("commit", dropped)

    assert used(engine, agreement) == 100


def test_of_a_commit_and_a_release_at_once_one_happens(engine, agreement, reserve, settle):
    reservation = reserve()

    answers = at_once(lambda number: settle(("commit", "release")[number % 2], reservation), 8)

    assert codes(answers) == {"ok": 4, "reservation_ended": 4}
    [status] = {answer.status for answer in answers if hasattr(answer, "units")}
    assert used(engine, agreement) == (100 if status == "committed" else 0)


def test_units_of_somebody_who_died_are_free_again_when_the_reservation_expires(engine, reserve):
    reserve("1000")
    advance(engine, seconds=299)
    with pytest.raises(LimitReached):
        reserve("1")

    advance(engine, seconds=1)

    assert reserve("1000").status == "held"


@alone
def test_an_expired_reservation_is_committed_where_there_is_still_room(engine, agreement, reserve, settle):
    late = reserve("600")
    advance(engine, seconds=300)
    reserve("400")

    assert settle("commit", late).status == "committed"
    assert used(engine, agreement) == 600


@alone
def test_an_expired_reservation_is_refused_where_others_have_taken_the_room(engine, agreement, reserve, settle):
    late = reserve("600")
    advance(engine, seconds=300)
    settle("commit", reserve("401"))

    with pytest.raises(LimitReached):
        settle("commit", late)

    assert used(engine, agreement) == 401
    assert settle("release", late).status == "released"


@alone
def test_a_new_period_begins_with_what_is_still_held(engine, agreement, reserve, settle):
    settle("commit", reserve("1000"))
    advance(engine, seconds=(agreement.period_at(engine.now()).end - engine.now()).total_seconds() - 60)
    with pytest.raises(LimitReached):
        reserve("1")
    advance(engine, seconds=60)
    first = reserve("1000")
    with pytest.raises(LimitReached):
        reserve("1")

    settle("commit", first)

    assert used(engine, agreement) == 1000


@alone
def test_an_absolute_reading_in_between_does_not_swallow_what_was_reserved(engine, agreement, reserve, settle):
    reservation = reserve("5")
    advance(engine, seconds=10)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="20", kind="absolute")

    settle("commit", reservation)

    assert used(engine, agreement) == 25


@alone
def test_what_is_without_limit_is_reserved_and_counted_alike(engine, customer, reserve, settle):
    enterprise = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")

    assert settle("commit", reserve("99999999999999999999")).status == "committed"
    assert used(engine, enterprise) == Decimal(99999999999999999999)
    assert reserve("1").status == "held"


@alone
def test_the_more_generous_of_a_persons_and_an_organizations_agreement_counts(engine, customer, reserve):
    team, _ = create_billed_organization(engine, name="Acme", billing_email="pay@example.com", plan_key="team_free")
    both = {"user_id": customer.user_id, "org_code": team.code}

    assert reserve("5000", **both).agreement_id != reserve("1000").agreement_id
    with pytest.raises(LimitReached) as caught:
        reserve("1", **both)
    assert caught.value.facts["limit"] == 5000


@alone
def test_another_customers_reservation_is_not_there(engine, reserve, settle):
    reservation = reserve()
    other = subscribe(engine, customer_id=payer(engine, "eve@example.com").id, plan_key="free")

    for act in (commit_reservation, release_reservation):
        with pytest.raises(NotFound) as theirs:
            act(engine, reservation_id=reservation.id, agreement_id=other.id)
        with pytest.raises(NotFound) as never:
            act(engine, reservation_id="reservation_0", agreement_id=other.id)
        assert str(theirs.value).replace(reservation.id, "reservation_0") == str(never.value)

    assert settle("commit", reservation).status == "committed"


@alone
def test_a_free_plan_that_is_taken_again_goes_on_where_it_was(engine, customer, agreement, reserve, settle):
    settle("commit", reserve("600"))
    advance(engine, days=10)
    for _ in range(2):
        [live] = live_of(engine, customer)
        cancel_agreement(engine, agreement_id=live.id)
        subscribe(engine, customer_id=customer.id, plan_key="free")
        with pytest.raises(LimitReached) as caught:
            reserve("401")
        assert caught.value.facts["used"] == "600"
    settle("commit", reserve("400"))
    with pytest.raises(LimitReached):
        reserve("1")

    advance(engine, seconds=(agreement.period_at(agreement.started_at).end - engine.now()).total_seconds())

    assert reserve("600").status == "held", "the first period is over, and the 400 of the present one still count"
    with pytest.raises(LimitReached):
        reserve("1")


@alone
def test_a_plan_that_is_paid_for_again_begins_anew(engine, customer, reserve, settle):
    for _ in range(2):
        paid = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        settle("commit", reserve("100000"))
        with pytest.raises(LimitReached):
            reserve("1")
        cancel_agreement(engine, agreement_id=paid.id)


@alone
def test_what_is_under_way_while_a_free_plan_is_taken_again_still_counts(engine, customer, agreement, reserve, settle):
    under_way = reserve("1000")
    cancel_agreement(engine, agreement_id=agreement.id)
    subscribe(engine, customer_id=customer.id, plan_key="free")
    with pytest.raises(LimitReached):
        reserve("1")

    assert settle("commit", under_way).status == "committed"

    with pytest.raises(LimitReached) as caught:
        reserve("1")
    assert caught.value.facts["used"] == "1000"


@alone
def test_what_was_admitted_before_an_agreement_ended_is_counted(engine, agreement, reserve, settle):
    kept, dropped, late = reserve(), reserve(), reserve()
    cancel_agreement(engine, agreement_id=agreement.id)

    assert settle("commit", kept).status == "committed"
    assert settle("release", dropped).status == "released"
    assert used(engine, agreement) == 100
    with pytest.raises(PaymentRequired):
        reserve()
    advance(engine, seconds=300)
    with pytest.raises(AgreementNotLive):
        settle("commit", late)


@alone
@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        ({}, InvalidRequest),
        ({"agreement_id": "agreement_0", "user_id": "kp_0"}, InvalidRequest),
        ({"agreement_id": "agreement_0"}, NotFound),
        ({"user_id": "kp_0"}, PaymentRequired),
        ({"org_code": "org_0"}, PaymentRequired),
        ({"user_id": "kp_0", "units": "0"}, InvalidQuantity),
        ({"user_id": "kp_0", "units": "1e3"}, InvalidQuantity),
        ({"feature_key": "nonsense"}, PaymentRequired),
        ({"feature_key": "base_price"}, UnknownFeature),
    ],
)
def test_what_can_not_be_reserved_is_refused(engine, customer, request_, refusal):
    who = {"user_id": customer.user_id} if "feature_key" in request_ else {}
    with pytest.raises(refusal):
        reserve_usage(engine, **{"feature_key": "ai_tokens", "units": "1", **who, **request_})


@alone
def test_a_paid_plan_in_between_does_not_renew_the_limit_of_a_free_one(engine, customer, reserve, settle):
    settle("commit", reserve("1000"))
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert reserve("1").status == "held"
    subscribe(engine, customer_id=customer.id, plan_key="free")
    [back] = live_of(engine, customer)

    with pytest.raises(LimitReached):
        reserve("1")

    assert back.plan_key == "free"
