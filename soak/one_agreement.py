"""Exactly one live agreement, whoever asks at once: 1,000 changes of one customer, then 20 of each of 50 customers.

Subscribing, changing now and with the next period, pausing, resuming and cancelling in turn, over HTTP with 40
connections, against two server processes on one PostgreSQL. The customers pay with a card, so that a change takes two
transactions with a charge in between. In each of the two loads one process is killed after a second, and started again,
while the time runs on; the other kills come while the first load is sent once more, which is not timed, because a
process takes longer to start than a load has. The database is asked, not the server: never two live agreements of one
group, each agreement that an answer named is there, none begins before the one before it has ended, each charge
concluded, one invoice of the same amount for each payment that succeeded, and the events of each customer numbered
without a gap.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import psycopg

from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_user import create_user
from soak._postgres import postgres
from soak._servers import Servers, call, killing, machine_headers, servers
from soak.report import Bar

CALLS = 1_000
CUSTOMERS = 50
KILLS = 5
CONNECTIONS = 40
KILL_AFTER_SECONDS = 1.0
MOST_SECONDS = 5.0
PLANS = ("pro_monthly", "enterprise_monthly")
FINE = frozenset({200, 404, 409})
# What is refused because there is nothing to do it to, which is no conflict by its status.
NOTHING_TO_DO_IT_TO = frozenset({"invalid_timing", "agreement_paused", "not_paused", "nothing_pending"})
LIVE = "('trialing', 'active', 'paused')"

TWICE = f"""
    SELECT count(*) FROM (
        SELECT customer_id FROM agreements WHERE status IN {LIVE}
        GROUP BY customer_id, group_id HAVING count(*) > 1
    ) AS found
"""
WITHOUT_INVOICE = """
    SELECT count(*) FROM payments p
    WHERE p.status = 'succeeded' AND (SELECT count(*) FROM invoices i WHERE i.payment_id = p.id) <> 1
"""
OVERLAPPING = """
    SELECT count(*) FROM agreements a JOIN agreements b
    ON a.customer_id = b.customer_id AND a.group_id = b.group_id AND a.id <> b.id
    WHERE a.started_at < b.started_at AND coalesce(a.ended_at, 'infinity') > b.started_at
"""
GAPS = """
    SELECT count(*) FROM (
        SELECT customer_id FROM events WHERE customer_id IS NOT NULL
        GROUP BY customer_id HAVING max(sequence) <> count(*) OR min(sequence) <> 1
    ) AS found
"""
UNLIKE_PAYMENT = """
    SELECT count(*) FROM payments p JOIN invoices i ON i.payment_id = p.id
    WHERE p.status = 'succeeded'
    AND p.amount_minor <> (SELECT sum(l.amount_minor) FROM invoice_lines l WHERE l.invoice_id = i.id)
"""
MISSING = "SELECT count(*) FROM unnest(%s::text[]) AS named WHERE named NOT IN (SELECT id FROM agreements)"


@dataclass(frozen=True, slots=True)
class Load:
    """What one load was answered, the codes of its refusals, how long it took, and the kills meanwhile."""

    statuses: Counter[int]
    refusals: Counter[str]
    seconds: float
    kills: int
    made: tuple[str, ...]
    strange: Counter[int]


def run(scale: float) -> tuple[Bar, ...]:
    """Measure on a PostgreSQL and two server processes of its own."""
    count, kills = max(40, round(CALLS * scale)), max(3, round(KILLS * scale))
    with postgres() as uri, servers(uri) as running:
        customers = _customers(uri, running, max(4, round(CUSTOMERS * scale)))
        headers = machine_headers(running)
        with killing(running, times=1, every_seconds=KILL_AFTER_SECONDS):
            one = _send(running, headers, [customers[0]] * count)
        with killing(running, times=1, every_seconds=KILL_AFTER_SECONDS):
            many = _send(running, headers, [customers[number % len(customers)] for number in range(count)])
        with killing(running, times=kills - 2, every_seconds=0.5):
            killed = _send(running, headers, [customers[0]] * count)
        # One more change of each settles what the killed processes left over; their leases end first.
        _let_leases_end(uri)
        last = _send(running, headers, customers, is_final=True)
        with psycopg.connect(uri) as connection:
            [twice] = connection.execute(TWICE).fetchone() or (-1,)
            [unbilled] = connection.execute(WITHOUT_INVOICE).fetchone() or (-1,)
            [left] = connection.execute("SELECT count(*) FROM charges").fetchone() or (-1,)
            live = f"SELECT count(*) FROM agreements WHERE status IN {LIVE} AND customer_id = ANY(%s)"
            [active] = connection.execute(live, (customers,)).fetchone() or (-1,)
            named = [made for load in (one, many, killed, last) for made in load.made]
            [missing] = connection.execute(MISSING, (named,)).fetchone() or (-1,)
            [overlaps] = connection.execute(OVERLAPPING).fetchone() or (-1,)
            [gaps] = connection.execute(GAPS).fetchone() or (-1,)
            [unlike] = connection.execute(UNLIKE_PAYMENT).fetchone() or (-1,)
    return (
        _timed(f"{count} changes of one customer", one),
        _timed(f"{count} changes of {len(customers)} customers", many),
        *(
            _fine(what, load)
            for what, load in (("one", one), ("many", many), ("while killing", killed), ("last", last))
        ),
        Bar("customers with two live agreements of a group", str(twice), "0", twice == 0),
        Bar("live agreements in the end", str(active), f"{len(customers)}", active == len(customers)),
        Bar(f"agreements of {len(named)} answers that are not there", str(missing), "0", missing == 0),
        Bar("agreements that begin before the one before has ended", str(overlaps), "0", overlaps == 0),
        Bar("customers whose events are not numbered without a gap", str(gaps), "0", gaps == 0),
        Bar("payments of another amount than their invoice", str(unlike), "0", unlike == 0),
        Bar("payments without exactly one invoice", str(unbilled), "0", unbilled == 0),
        Bar("charges whose outcome nobody knows", str(left), "0", left == 0),
        Bar("processes killed", str(running.kills), str(kills), running.kills == kills),
    )


def _timed(what: str, load: Load) -> Bar:
    refused = ", ".join(f"{count} {code}" for code, count in sorted(load.refusals.items()))
    done = f"{load.seconds:.2f} s, {load.kills} killed meanwhile, {load.statuses[200]} made, {refused}"
    return Bar(what, done, f"at most {MOST_SECONDS:.0f} s", load.seconds <= MOST_SECONDS)


def _fine(what: str, load: Load) -> Bar:
    return Bar(
        f"answers that are no success, conflict or unknown agreement ({what})",
        str(dict(load.strange)),
        "none",
        not load.strange,
    )


def _customers(uri: str, running: Servers, count: int) -> list[str]:
    """Make customers with a card, without going through the server."""
    engine = create_engine(Settings(base_url=running.addresses[0], database_url=uri))
    found = []
    for number in range(count):
        user = create_user(engine, email=f"customer{number}@example.com")
        customer = become_customer(engine, user_id=user.id, billing_email=user.email)
        card = CardEntry(number="4242424242424242", exp_month=12, exp_year=2034, cvc="123")
        add_card(engine, customer_id=customer.id, card=card)
        found.append(customer.id)
    engine.database.close()
    return found


def _let_leases_end(uri: str) -> None:
    with psycopg.connect(uri) as connection:
        connection.execute("UPDATE charges SET lease_ends_at = now() - interval '1 minute'")


def _send(running: Servers, headers: dict[str, str], customers: list[str], *, is_final: bool = False) -> Load:
    limits = httpx.Limits(max_connections=CONNECTIONS // len(running.addresses))
    clients = tuple(
        httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=60, limits=limits)
        for address in running.addresses
    )
    latest: dict[str, str] = {}
    made: list[str] = []

    def change(number: int) -> httpx.Response:
        customer = customers[number]
        standing = None if is_final else latest.get(customer)
        if standing and number % 5 == 4:
            return call(clients, number, "DELETE", "/billing/agreements", params={"agreement_id": standing})[0]
        if standing and number % 13 in (5, 6):
            verb = "pause" if number % 13 == 5 else "resume"
            return call(clients, number, "POST", f"/billing/agreements/{standing}/{verb}")[0]
        body = {"customer_id": customer, "plan_code": PLANS[number // 3 % 2]}
        if standing and number % 7 == 3:
            body["timing"] = "period_end"
        answer, _ = call(clients, number, "POST", "/billing/agreements", json=body)
        if answer.status_code == 200:
            latest[customer] = answer.json()["agreement"]["id"]
            made.append(latest[customer])
        return answer

    began, kills_before = time.monotonic(), running.kills
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(change, range(len(customers))))
    seconds, kills = time.monotonic() - began, running.kills - kills_before
    for client in clients:
        client.close()
    refused = [(answer.status_code, answer.json()) for answer in answers if 400 <= answer.status_code < 500]
    codes = [(status, document["errors"][0]["code"].lower()) for status, document in refused]
    strange = Counter(answer.status_code for answer in answers if answer.status_code not in FINE)
    strange -= Counter(status for status, code in codes if code in NOTHING_TO_DO_IT_TO and status not in FINE)
    statuses = Counter(answer.status_code for answer in answers)
    return Load(statuses, Counter(code for _, code in codes), seconds, kills, tuple(made), strange)
