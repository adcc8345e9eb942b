"""Usage events that are sent by clients which send again whatever was not answered, to a server that is killed.

What has become of them is asked of the database itself, with SQL of its own and none of the application's.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import psycopg

PATH = "/api/v1/billing/usage_events"
BATCH_TYPE = "application/cloudevents-batch+json"
EVENT_TYPE = "ai_tokens"
HOURS = 5
SENT_AGAIN = 10  # one batch in so many, although it was answered
MOST_ATTEMPTS = 2_000

EVENTS = """
    SELECT source.name, e.id, subject.name, e.hour, e.data FROM usage_events e
    JOIN usage_names source ON source.number = e.source_no JOIN usage_names subject ON subject.number = e.subject_no
"""
ROLL_UPS = """
    SELECT subject.name, h.hour, h.count, h.total FROM usage_hours h
    JOIN usage_names subject ON subject.number = h.subject_no
"""
KEYS = "SELECT count(*) FROM usage_keys"

Sums = dict[tuple[str, int], tuple[int, Decimal]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent.

    Attributes:
        clients: how many send at the same time.
        events_each: how many events each of them sends.
        largest_batch: batches have from one to so many events.
        subjects: whose usage it is.
        ends_at: the latest time of an event; they are spread over `HOURS` before it.
    """

    clients: int
    events_each: int
    largest_batch: int
    subjects: Sequence[str]
    ends_at: datetime

    @property
    def events(self) -> int:
        """How many events there are in all."""
        return self.clients * self.events_each

    def batches(self, client: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the batches of one client; they are the same each time."""
        chance = random.Random(client)
        number = 0
        while number < self.events_each:
            size = min(chance.randint(1, self.largest_batch), self.events_each - number)
            yield [self._event(client, number + place, chance) for place in range(size)]
            number += size

    def _event(self, client: int, number: int, chance: random.Random) -> dict[str, Any]:
        used_at = self.ends_at - timedelta(milliseconds=chance.randrange(HOURS * 3_600_000))
        return {
            "specversion": "1.0",
            "source": f"client/{client}",
            "id": f"{client}-{number}",
            "type": EVENT_TYPE,
            "subject": chance.choice(self.subjects),
            "time": used_at.isoformat(timespec="milliseconds"),
            "data": {"value": str(Decimal(chance.randrange(1, 100_000)) / 100)},
        }


@dataclass
class Sent:
    """What the clients sent and heard.

    Attributes:
        answered: how many events were answered, each counted once.
        attempts: how many requests were sent.
        failures: why requests were sent again.
        again: how many batches were sent again although they were answered.
        other_answers: how many of those were answered in another way than the first time.
        refused: results that are no acceptance.
        sums: what each subject has used in each hour.
    """

    answered: int = 0
    attempts: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    again: int = 0
    other_answers: int = 0
    refused: list[Any] = field(default_factory=list)
    sums: Sums = field(default_factory=dict)
    progress: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, answered: int) -> None:
        """Wait until so many events were answered."""
        with self.progress:
            self.progress.wait_for(lambda: self.answered >= answered)

    def note(self, failure: str | None) -> None:
        """Count a request, and why it was not answered, if it was not."""
        with self.progress:
            self.attempts += 1
            if failure is not None:
                self.failures[failure] += 1

    def add(self, batch: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> None:
        """Count a batch that was answered."""
        with self.progress:
            for event in batch:
                place = (event["subject"], hour_of(datetime.fromisoformat(event["time"])))
                count, total = self.sums.get(place, (0, Decimal()))
                self.sums[place] = (count + 1, total + Decimal(event["data"]["value"]))
            self.refused += [result for result in results if result["status"] != "accepted"]
            self.answered += len(batch)
            self.progress.notify_all()

    def compare(self, first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> None:
        """Count a batch that was sent again although it was answered."""
        with self.progress:
            self.again += 1
            self.other_answers += first != second


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds.

    Attributes:
        events: how many events.
        distinct: how many different sources and ids they have.
        keys: how many keys are kept that tell events apart.
        recounted: what each subject has used in each hour, by the events.
        rolled_up: the same, by the roll-ups.
    """

    events: int
    distinct: int
    keys: int
    recounted: Sums
    rolled_up: Sums


def send_while_killing(
    plan: Plan,
    address: str,
    headers: Mapping[str, str],
    *,
    kill: Callable[[], object],
    kills: int,
    pause_seconds: float,
) -> Sent:
    """Have all clients send all they have, and kill the server as many times meanwhile, evenly over what is answered.

    Args:
        plan: what is sent.
        address: where the server listens, before and after it is killed.
        headers: what each request carries.
        kill: kills the server and starts it again.
        kills: how many times.
        pause_seconds: how long a client waits before it sends again.
    """
    sent = Sent()
    with ThreadPoolExecutor(plan.clients + 1) as threads:
        killer = threads.submit(_kill, plan, sent, kill, kills)
        clients = [
            threads.submit(_send_all, plan, number, address, headers, sent, pause_seconds)
            for number in range(plan.clients)
        ]
        for one in (*clients, killer):
            one.result()
    return sent


def _kill(plan: Plan, sent: Sent, kill: Callable[[], object], kills: int) -> None:
    for number in range(kills):
        sent.wait_for(plan.events * number // kills + 1)
        kill()


def _send_all(
    plan: Plan, number: int, address: str, headers: Mapping[str, str], sent: Sent, pause_seconds: float
) -> None:
    chance = random.Random(-number - 1)
    headers = {**headers, "Content-Type": BATCH_TYPE}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        for batch in plan.batches(number):
            body = json.dumps(batch).encode()
            results = _send(client, body, sent, pause_seconds)
            sent.add(batch, results)
            if not chance.randrange(SENT_AGAIN):
                sent.compare(results, _send(client, body, sent, pause_seconds))


def _send(client: httpx.Client, body: bytes, sent: Sent, pause_seconds: float) -> list[dict[str, Any]]:
    """Send a batch until it is answered, and return the result of each event."""
    for _ in range(MOST_ATTEMPTS):
        try:
            answer = client.post(PATH, content=body)
        except httpx.TransportError as error:
            sent.note(type(error).__name__)
        else:
            if answer.status_code == 200:
                sent.note(None)
                results: list[dict[str, Any]] = answer.json()["results"]
                return results
            assert answer.status_code == 503, answer.text
            sent.note("busy")
        if pause_seconds:
            time.sleep(pause_seconds)
    raise TimeoutError(f"no answer to {MOST_ATTEMPTS} requests")


def recount(database_url: str) -> Found:
    """Read the whole of what a SQLite file or a PostgreSQL holds, and add it up."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            return _counted(file.execute)
    with psycopg.connect(database_url) as connection:
        return _counted(connection.execute)


def _counted(execute: Callable[[str], Any]) -> Found:
    recounted: dict[tuple[str, int], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal()))
    seen: set[tuple[str, str]] = set()
    events = 0
    for source, key, subject, hour, data in execute(EVENTS):
        events += 1
        seen.add((source, key))
        count, total = recounted[subject, hour]
        recounted[subject, hour] = (count + 1, total + Decimal(json.loads(data)["value"]))
    [keys] = execute(KEYS).fetchone()
    rolled_up = {(subject, hour): (count, Decimal(total)) for subject, hour, count, total in execute(ROLL_UPS)}
    return Found(events, len(seen), keys, dict(recounted), rolled_up)


def hour_of(instant: datetime) -> int:
    """Return the whole hours since 1970."""
    return int((instant - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(hours=1))
