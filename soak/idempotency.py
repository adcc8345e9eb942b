"""What an idempotency key promises, while processes are killed: 2,000 keys, 20 copies of each at once, 10 kills.

Each key creates an organization with a billing customer on a plan, which takes three nouns and five events. Two
processes serve one PostgreSQL; a copy whose connection breaks is sent again. One copy in twenty has another body and
is sent once the key has been used. Afterwards the database is asked, not the server: one organization, one customer
and one live agreement for each key. All copies have to have got the same octets, and each other body a 422.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import psycopg

from soak._postgres import postgres
from soak._servers import Servers, call, killing, machine_headers, servers
from soak.report import Bar

KEYS = 2_000
COPIES = 20
KILLS = 10
SECONDS_BETWEEN_KILLS = 5.0
KEYS_AT_ONCE = 2  # with 20 copies each: 40 connections

ONCE = """
    SELECT count(*) FROM (
        SELECT o.name FROM organizations o
        JOIN customers c ON c.org_code = o.code
        JOIN agreements a ON a.customer_id = c.id AND a.status = 'active'
        WHERE o.name LIKE 'key-%' GROUP BY o.name HAVING count(*) = 1
    ) AS found
"""


@dataclass
class Seen:
    """What the copies were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    mutated: Counter[int] = field(default_factory=Counter)
    equal: int = 0
    resent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def run(scale: float) -> tuple[Bar, ...]:
    """Measure on a PostgreSQL and two server processes of its own."""
    keys, kills = max(10, round(KEYS * scale)), max(1, round(KILLS * scale))
    with postgres() as uri, servers(uri) as running:
        headers = machine_headers(running)
        seen = Seen()
        with killing(running, times=kills, every_seconds=SECONDS_BETWEEN_KILLS * min(1.0, scale * 10)):
            _send(running, headers, keys, seen)
        with psycopg.connect(uri) as connection:
            [once] = connection.execute(ONCE).fetchone() or (0,)
            [made] = connection.execute("SELECT count(*) FROM organizations WHERE name LIKE 'key-%'").fetchone() or (0,)
    copies = keys * (COPIES - 1)
    return (
        Bar("keys that made one organization, customer and agreement", f"{once} of {keys}", "all", once == keys),
        Bar("organizations made", str(made), f"{keys}", made == keys),
        Bar("keys whose copies all got the same octets", f"{seen.equal} of {keys}", "all", seen.equal == keys),
        Bar("copies answered 200", f"{seen.statuses[200]} of {copies}", "all", seen.statuses == {200: copies}),
        Bar("other bodies answered 422", f"{seen.mutated[422]} of {keys}", "all", seen.mutated == {422: keys}),
        Bar(
            "processes killed", f"{running.kills}, {seen.resent} copies sent again", f"{kills}", running.kills == kills
        ),
    )


def _send(running: Servers, headers: dict[str, str], keys: int, seen: Seen) -> None:
    limits = httpx.Limits(max_connections=40)
    clients = tuple(
        httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30, limits=limits)
        for address in running.addresses
    )
    with ThreadPoolExecutor(KEYS_AT_ONCE * COPIES) as copies, ThreadPoolExecutor(KEYS_AT_ONCE) as pool:
        list(pool.map(lambda number: _send_key(clients, copies, number, seen), range(keys)))
    for client in clients:
        client.close()


def _send_key(clients: tuple[httpx.Client, ...], copies: ThreadPoolExecutor, number: int, seen: Seen) -> None:
    answers = list(copies.map(lambda copy: _send_copy(clients, number, copy, seen), range(COPIES - 1)))
    mutated, _ = call(clients, number, "POST", "/organization", **_request(number, email="other@example.com"))
    with seen.lock:
        seen.statuses.update(answer.status_code for answer in answers)
        seen.mutated[mutated.status_code] += 1
        seen.equal += len({answer.content for answer in answers}) == 1


def _send_copy(clients: tuple[httpx.Client, ...], number: int, copy: int, seen: Seen) -> httpx.Response:
    answer, attempts = call(clients, copy, "POST", "/organization", **_request(number))
    with seen.lock:
        seen.resent += attempts - 1
    return answer


def _request(number: int, *, email: str = "billing@example.com") -> dict[str, object]:
    body = {
        "name": f"key-{number}",
        "is_create_billing_customer": True,
        "billing_email": email,
        "billing_plan_code": "team_pro",
    }
    return {"json": body, "headers": {"Idempotency-Key": f"key-{number}"}}
