"""Changes of one customer's plan from several processes at once: `python -m tests.changing ADDRESS CUSTOMER CALLS`.

Each process has an engine and a few threads of its own, as a server has. One line of JSON is written for each call:
what was asked for, `ok` or the code of the refusal, and the id of the agreement that came of it.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from billing_sdk.errors import BillingError
from billing_sdk.server.clock import SystemClock
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import open_database

PROCESSES = 3
THREADS = 4
PLANS = ("pro_monthly", "enterprise_monthly", "free", "pro_quarterly")


def main(address: str, customer_id: str, calls: int) -> None:
    """Fork, call, and write down what came of it."""
    context = multiprocessing.get_context("fork")  # before there is any thread or connection
    lines: multiprocessing.Queue[str] = context.Queue()
    shares = [range(number, calls, PROCESSES) for number in range(PROCESSES)]
    children = [context.Process(target=_child, args=(address, customer_id, share, lines)) for share in shares]
    for child in children:
        child.start()
    for _ in range(calls):
        sys.stdout.write(lines.get(timeout=100) + "\n")
    for child in children:
        child.join(timeout=30)


def _child(address: str, customer_id: str, share: range, lines: multiprocessing.Queue[str]) -> None:
    settings = Settings(base_url="http://127.0.0.1:3000", database_url=address, **NO_LIMITS)
    database = open_database(address)
    engine = Engine(database, SystemClock(), ManagedGateway(), settings)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            for line in pool.map(lambda number: _call(engine, customer_id, number), share):
                lines.put(json.dumps(line))
    finally:
        database.close()


def _call(engine: Engine, customer_id: str, number: int) -> tuple[str, str, str]:
    verb = ("subscribe", "change", "plan", "cancel")[number % 7 % 4]
    plan = PLANS[number * 5 % 7 % 4]
    try:
        match verb:
            case "subscribe":
                made = subscribe(engine, customer_id=customer_id, plan_key=plan)
            case "change":
                options = ChangeOptions(is_prorate=True, is_invoice_now=True, may_owe=True)
                made = change_plan(engine, customer_id=customer_id, plan_key=plan, options=options, source="api")
            case "plan":
                later = ChangeOptions(timing="period_end")
                made = change_plan(engine, customer_id=customer_id, plan_key=plan, options=later)
            case _:
                live = next(_live(engine, customer_id), "")
                made = cancel_agreement(engine, agreement_id=live)
    except BillingError as refusal:
        return verb, refusal.code, ""
    return verb, "ok", made.id


def _live(engine: Engine, customer_id: str) -> Iterator[str]:
    with engine.read() as tx:
        for agreement in tx.agreements.live_of(customer_id):
            yield agreement.id


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
