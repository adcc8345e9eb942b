"""Short histories of seats, add-ons and pauses that are easily charged too much for, or too little, or not at all."""

from __future__ import annotations

import pytest

from tests.histories.promises import check
from tests.histories.shop import ADD_ON
from tests.histories.world import Deed, world


def change(plan, **asked):
    return Deed("change", {"customer": 0, "plan": plan, **asked})


def seats(quantity, **asked):
    return Deed("seats", {"customer": 0, "quantity": quantity, **asked})


def add_on(quantity, plan=ADD_ON, **asked):
    return Deed("add_on", {"customer": 0, "plan": plan, "quantity": quantity, **asked})


def coupon(key):
    return Deed("coupon", {"customer": 0, "key": key})


def card(*, is_good):
    return Deed("card", {"customer": 0, "is_good": is_good})


def days(count):
    return Deed("wait", {"hours": 24 * count})


def cancel(**asked):
    return Deed("cancel", {"customer": 0, **asked})


def credit(part, **asked):
    return Deed("credit", {"customer": 0, "part": part, **asked})


def dispute(part, kind="dispute"):
    return Deed("dispute", {"customer": 0, "part": part, "kind": kind})


def judge(outcome):
    return Deed("judge", {"customer": 0, "outcome": outcome})


def pay_back_there(part, *, comes_back=False):
    return Deed("pay_back_there", {"customer": 0, "part": part, "comes_back": comes_back})


def on_credit(deed):
    """Let it happen to the customer who has no card."""
    return Deed(deed.verb, {**deed.facts, "customer": 2})


def event(units, hours=0):
    return Deed("event", {"customer": 0, "units": units, "hours": hours})


def withdraw(units):
    return Deed("withdraw", {"customer": 0, "units": units})


PATIENCE = Deed("dun", {"retries": 0, "grace_days": 3_000, "at_end": "cancel"})
PAUSE = Deed("pause", {"customer": 0})
RESUME = Deed("resume", {"customer": 0})
REFUND = {"is_prorate": True}
RETAIN = {"is_prorate": False}


def once(before_days, after_days, *, is_flat=False):
    hours = {"before_hours": 24 * before_days, "after_hours": 24 * after_days}
    return Deed("once", {"customer": 0, **hours, "is_flat": is_flat})


HISTORIES = {
    "what was used is charged once, beside what was agreed, with credit, taxes and waits": (
        event(99),
        once(1, 3),
        change("with_credit"),
        event(750, hours=1),
        once(2, 40, is_flat=True),
        Deed("bill", {"late_days": 2, "send_days": 3, "together": True}),
        once(0, 15),
        days(4),
        event(5_001, hours=24 * 2),
        Deed("move", {"customer": 0, "place": "abroad"}),
        days(20),
        Deed("reissue", {"customer": 0, "part": 50}),
        event(7, hours=24 * 15),
        credit(50),
        days(40),
        cancel(),
        days(3),
    ),
    "events come late, twice, under another plan, and are corrected": (
        change("yearly_by_month"),
        event(750),
        days(40),
        event(99, hours=24 * 32),
        days(3),
        withdraw(800),
        change("with_credit", **REFUND),
        event(5_001),
        event(2, hours=24 * 400),
        days(35),
        withdraw(0),
        cancel(),
        event(750),
        event(99, hours=1),
        days(3),
    ),
    "what is used at the instant of an end is billed once": (
        change("yearly_by_month"),
        days(3),
        event(6_001),
        change("with_credit", is_invoice_now=True),
        event(5_003),
        days(2),
        event(5_005),
        cancel(is_invoice_now=True),
        change("yearly_by_month"),
        event(7_007),
        days(1),
        event(11, hours=72),
        event(13, hours=24),
        days(1),
        event(9_001),
        cancel(is_invoice_now=True),
        days(1),
        event(3, hours=24),
        event(5, hours=25),
        days(3),
    ),
    "what another plan and the end gave back is credited": (
        change("seats_monthly", seats=4),
        days(10),
        seats(2, **REFUND),
        credit(100, ago=1),
        days(31),
        change("seats_opening", seats=3, **REFUND),
        credit(40, ago=1),
        days(2),
        cancel(**REFUND),
        credit(100, ago=1),
        credit(100, ago=2),
    ),
    "a bank takes back what is credited, corrected and paid back elsewhere as well": (
        change("yearly_by_month"),
        event(6_001),
        days(31),
        dispute(30),
        credit(50),
        dispute(30, kind="inquiry"),
        pay_back_there(60, comes_back=True),
        credit(100, destination="refund"),
        judge("lost"),
        withdraw(0),
        pay_back_there(60),
        judge("won"),
        credit(100),
        change("with_credit", **REFUND),
        dispute(100),
        days(31),
        judge("won"),
        credit(100, ago=1),
        cancel(**REFUND),
    ),
    "seats are added while an invoice is open": (
        change("seats_monthly", seats=1),
        card(is_good=False),
        days(30),
        seats(100),
        card(is_good=True),
        seats(100),
        days(5),
        seats(1, **REFUND),
        days(60),
    ),
    "seats are given up that a coupon was for": (
        change("seats_monthly", seats=100, coupon_key="seven_off"),
        coupon("a_third"),
        days(15),
        seats(1, **REFUND),
        days(31),
        seats(9),
        days(5),
        seats(1, **REFUND),
    ),
    "seats and add-ons come within an opening phase": (
        change("seats_opening", seats=2),
        days(15),
        seats(9),
        add_on(2, "opening_help"),
        days(31),
        seats(20),
        days(31),
        seats(2, **REFUND),
    ),
    "seats of each month are billed at the end of the year": (
        change("yearly_seats_by_month", seats=1),
        days(31),
        seats(100),
        days(300),
        seats(1),
        days(60),
    ),
    "seats of each month are given up before an end in mid year": (
        change("yearly_seats_by_month", seats=5),
        days(100),
        seats(9),
        days(45),
        seats(2, **REFUND),
        days(5),
        cancel(**REFUND),
    ),
    "a pause ends while an invoice is open": (
        PATIENCE,
        change("pro_monthly"),
        card(is_good=False),
        days(31),
        PAUSE,
        days(31),
        card(is_good=True),
        RESUME,
        days(62),
    ),
    "an invoice is paid after access has closed, and another one never is": (
        change("pro_monthly"),
        card(is_good=False),
        days(28 + 14),
        card(is_good=True),
        days(1),
        card(is_good=False),
        days(60),
    ),
    "an invoice is given up, and the next one is paid": (
        Deed("dun", {"retries": 1, "grace_days": 5, "at_end": "mark_uncollectible"}),
        change("pro_monthly"),
        card(is_good=False),
        days(40),
        card(is_good=True),
        days(60),
    ),
    "a pause is all that follows": (
        Deed("dun", {"retries": 1, "grace_days": 5, "at_end": "pause"}),
        change("seats_monthly", seats=3),
        card(is_good=False),
        days(60),
        card(is_good=True),
        RESUME,
        days(40),
    ),
    "numbers go down and up again at once": (
        change("seats_monthly", seats=9),
        days(3),
        seats(1, **RETAIN),
        seats(9, **RETAIN),
        add_on(2, **RETAIN),
        add_on(0, **RETAIN),
        add_on(2, **RETAIN),
        days(30),
    ),
    "a pause reaches over a billing date of months": (
        change("yearly_by_month"),
        days(350),
        PAUSE,
        days(17),
        RESUME,
        cancel(),
    ),
    "a pause reaches over a billing date of weeks": (
        change("monthly_by_week"),
        days(26),
        PAUSE,
        days(20),
        RESUME,
        days(60),
    ),
    "a pause leaves out a week": (change("monthly_by_week"), days(5), PAUSE, days(11), RESUME, days(60)),
    "two pauses within two years": (
        change("yearly_by_month"),
        days(40),
        PAUSE,
        days(100),
        RESUME,
        days(20),
        PAUSE,
        days(300),
        RESUME,
        days(400),
    ),
    "a pause of a year ends within a quarter": (
        change("seats_in_quarters", seats=12),
        PAUSE,
        days(395),
        RESUME,
        days(92),
    ),
    "a pause ends with another plan": (
        change("yearly_seats_by_month"),
        PAUSE,
        days(31),
        RESUME,
        change("yearly_by_month", **REFUND),
    ),
    "a month by the week ends within a week": (change("monthly_by_week"), days(15), cancel(**REFUND)),
    "a month by the week becomes a year": (change("monthly_by_week"), days(15), change("pro_yearly", **REFUND)),
    "a weekly add-on comes, goes, and comes again before a pause": (
        change("seats_monthly", seats=2),
        days(10),
        add_on(2, "weekly_help"),
        days(10),
        add_on(0, "weekly_help", **REFUND),
        days(2),
        add_on(1, "weekly_help"),
        days(12),
        PAUSE,
        days(4),
        RESUME,
        days(40),
    ),
    "what an invoice asks for that is not issued yet goes and comes again": (
        Deed("bill", {"late_days": 0, "send_days": 3, "together": False}),
        change("with_credit", add_ons=2),
        days(31),
        add_on(0, **REFUND),
        days(1),
        add_on(2),
        days(30),
    ),
    "seats go and come again that an invoice was given up for": (
        Deed("dun", {"retries": 0, "grace_days": 2, "at_end": "mark_uncollectible"}),
        change("seats_monthly", seats=9),
        card(is_good=False),
        days(35),
        card(is_good=True),
        seats(1, **REFUND),
        days(1),
        seats(9),
    ),
    "a weekly add-on comes within a week of a month on credit": (
        on_credit(change("pro_monthly", may_owe=True)),
        days(10),
        on_credit(add_on(3, "weekly_help")),
        days(50),
        on_credit(card(is_good=True)),
    ),
    "a weekly add-on comes with the end of a month on credit": (
        on_credit(change("pro_monthly", may_owe=True)),
        on_credit(add_on(3, "weekly_help", timing="period_end")),
        days(20),
        on_credit(card(is_good=True)),
        days(50),
    ),
}


@pytest.mark.parametrize("deeds", HISTORIES.values(), ids=[name.replace(" ", "_") for name in HISTORIES])
def test_every_service_interval_is_charged_once_and_for_what_was_in_force_when(deeds):
    with world() as told:
        for deed in deeds:
            told.do(deed.verb, **deed.facts)
            check(told)


def test_tax_within_the_price_of_credit_is_given_back_with_a_part_of_it():
    with world() as told:
        told.do("card", customer=2, is_good=True)
        told.do("top_up", customer=2, minor=100)

        assert told.do("credit", customer=2, part=50, destination="balance") == "done"

        check(told)


def test_late_usage_of_an_earlier_month_uses_credit_before_the_next_invoice_does():
    with world() as told:
        told.do("change", customer=0, plan="yearly_by_month")
        told.do("top_up", customer=0, minor=2_500)
        told.do("wait", hours=24 * 366)

        assert told.do("late", customer=0, units=5_000, hours=24 * 32) == "done"

        check(told)


def test_a_plan_on_credit_is_owed_from_the_day_when_its_pause_has_ended():
    with world() as told:
        told.do("change", customer=2, plan="pro_monthly", may_owe=True)
        told.do("wait", hours=24 * 10)
        told.do("pause", customer=2)
        told.do("wait", hours=24 * 60)
        told.do("card", customer=2, is_good=True)

        assert told.do("resume", customer=2) == "done"

        told.do("wait", hours=24 * 62)
        check(told)
        assert [invoice.status for invoice in told.books(2).invoices] == ["paid", "paid", "paid"]
