"""The main job, once, by itself: enable billing, publish a plan, sign up, pay, renew, fail, recover, cancel.

Starts the billing server and both example applications on loopback, walks through them as an operator and as visitors
would, and prints what each step proved. Then everything stays up for you to try; with `--check` it stops instead.
`--gateway` says what collects the money; for those of Stripe a simulated Stripe is started as well.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from billing_sdk import Client
from billing_sdk.testing.visitor import Visitor

HERE = Path(__file__).parent
CONSOLE = Console(highlight=False, soft_wrap=True)
EXAMPLES = {"Flask": HERE / "flask_app" / "app.py", "Starlette": HERE / "starlette_app" / "app.py"}
GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
LATER_DECLINED_CARD = "4000 0000 0000 0341"  # it can be stored, and is declined when it is charged
GATEWAYS = ("managed", "stripe_platform", "stripe_connect")
PLAN = "inkwell_plus"


def main() -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="stop after the walk instead of staying up")
    parser.add_argument("--gateway", choices=GATEWAYS, default="managed", help="what collects the money")
    options = parser.parse_args()
    processes: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory() as folder:
            # What the two have in common was checked with the test processor; once is enough for the others.
            names = list(EXAMPLES)[:1] if options.check and options.gateway != "managed" else list(EXAMPLES)
            ports = {name: free_port() for name in names}
            stripe = {} if options.gateway == "managed" else start_stripe(Path(folder), processes)
            ready = start_server(Path(folder), ports, stripe, processes)
            enable(ready, options.gateway)
            publish_plan(ready)
            addresses = {name: start_example(name, ports[name], ready, processes) for name in names}
            for name, address in addresses.items():
                walk(name, address)
            live_on(Path(folder), ready, next(iter(addresses.values())))
            CONSOLE.print("\n[bold green]Everything works.[/]")
            if not options.check:
                stay_up(ready, addresses)
    except KeyboardInterrupt:
        CONSOLE.print("\nStopped.")
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=20)
    return 0


def start_stripe(folder: Path, processes: list[subprocess.Popen[bytes]]) -> dict[str, str]:
    """Start a simulated Stripe, and return the settings with which a billing server uses it."""
    ready_file = folder / "stripe.json"
    command = [sys.executable, "-m", "billing_sdk.testing.stripe", "--port", "0", "--ready-file", str(ready_file)]
    processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    wait_until(ready_file.exists, "the simulated Stripe listens")
    ready = json.loads(ready_file.read_text())
    step("simulated Stripe", f"listens on {ready['base_url']}")
    return {
        "KL_STRIPE_SECRET_KEY": ready["secret_key"],
        "BILLING_SERVER_STRIPE_CONNECT_CLIENT_ID": ready["client_id"],
        "BILLING_SERVER_STRIPE_API_BASE": ready["base_url"],
    }


def start_server(
    folder: Path, ports: dict[str, int], stripe: dict[str, str], processes: list[subprocess.Popen[bytes]]
) -> dict[str, object]:
    """Start the billing server on a free port, with billing off, and return what it wrote when it listened."""
    ready_file = folder / "ready.json"
    command = [str(Path(sys.executable).with_name("billing-sdk")), "serve", "--port", "0", "--seed", "demo"]
    command += ["--billing-off", "--database", f"sqlite:///{folder / 'demo.db'}", "--ready-file", str(ready_file)]
    for port in ports.values():
        command += ["--redirect-uri", f"http://127.0.0.1:{port}/billing/callback"]
        command += ["--webhook", f"http://127.0.0.1:{port}/billing/webhooks"]
    processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **stripe}))
    wait_until(ready_file.exists, "the billing server listens")
    ready: dict[str, object] = json.loads(ready_file.read_text())
    step("billing server", f"listens on {ready['base_url']}, SQLite, demo catalogue")
    return ready


def enable(ready: dict[str, object], gateway: str) -> None:
    """Enable billing in the dashboard, as its operator does."""
    with Visitor() as operator:
        operator.open(f"{ready['base_url']}/dashboard")
        operator.submit(**first_user(ready))
        operator.follow("Enable billing")
        check("empty state", "Billing is off" in operator.page.text, "nothing is set up before it is enabled", operator)
        tab = operator.page.url
        if gateway == "stripe_connect":
            operator.submit("Connect with Stripe")
            operator.submit()
            step("Stripe account", "its owner agrees on Stripe's page, and it is linked")
            operator.open(tab)
        operator.submit("Enable billing", gateway=gateway)
        check("enabled", "Billing is enabled" in operator.page.text, f"by {gateway}, in the dashboard", operator)


def publish_plan(ready: dict[str, object]) -> None:
    """Publish a plan of the seller's own."""
    terms = {"price": {"model": "flat", "amount": "1900"}}
    fee = {"kind": "licence_fee", "key": "base_price", "name": "Inkwell Plus", "currency": "USD", "terms": terms}
    with api(ready) as client:
        client.plans.create(code=PLAN, name="Inkwell Plus", components=[fee])
        plan = client.plans.publish(PLAN)
    step("plan", f"{plan.name} is published")


def api(ready: dict[str, object]) -> Client:
    """Return a client of the Management API."""
    return Client(
        issuer=str(ready["base_url"]),
        audience=str(ready["audience"]),
        m2m_client_id=str(ready["m2m_client_id"]),
        m2m_client_secret=str(ready["m2m_client_secret"]),
    )


def first_user(ready: dict[str, object]) -> dict[str, str]:
    """Return the login of the first person of the seed, who is an operator."""
    users = ready["users"]
    assert isinstance(users, list)
    return {"email": users[0]["email"], "password": users[0]["password"]}


def start_example(name: str, port: int, ready: dict[str, object], processes: list[subprocess.Popen[bytes]]) -> str:
    """Start one example application and return its address."""
    address = f"http://127.0.0.1:{port}"
    settings = {
        "BILLING_ISSUER": ready["base_url"],
        "BILLING_CLIENT_ID": ready["client_id"],
        "BILLING_CLIENT_SECRET": ready["client_secret"],
        "BILLING_M2M_CLIENT_ID": ready["m2m_client_id"],
        "BILLING_M2M_CLIENT_SECRET": ready["m2m_client_secret"],
        "BILLING_AUDIENCE": ready["audience"],
        "BILLING_REDIRECT_URI": f"{address}/billing/callback",
        "BILLING_SESSION_SECRET": secrets.token_urlsafe(32),
    }
    command = [sys.executable, str(EXAMPLES[name]), "--port", str(port)]
    quiet = subprocess.DEVNULL
    env = {**os.environ, **{key: str(value) for key, value in settings.items()}}
    processes.append(subprocess.Popen(command, env=env, stdout=quiet, stderr=quiet))
    wait_until(lambda: listens(port), f"the {name} example listens")
    step(f"{name} example", f"listens on {address}")
    return address


def walk(name: str, address: str) -> None:
    """Walk through one example application from the first visit to the last, checking each step."""
    CONSOLE.print(f"\n[bold]{name}[/]")
    email = f"visitor-{secrets.token_hex(4)}@example.com"
    with Visitor() as visitor:
        sign_up(visitor, address, email)
        pay(visitor)
        visitor.open(f"{address}/reports")
        check("gate open", visitor.page.status == 200, "Pro includes advanced_reports", visitor)
        use(visitor, address)
        portal = open_portal(visitor, address)
        cancel(visitor, address, portal)
    with Visitor() as other:
        other.open(f"{address}/reports")
        check("signed out", "sign in" in other.page.text.lower(), "somebody else is asked to sign in first", other)


def sign_up(visitor: Visitor, address: str, email: str) -> None:
    """Follow the link that names a plan, and make an account."""
    visitor.open(f"{address}/")
    visitor.follow("Pro")
    step("sign-up link", "plan_interest=pro_monthly leads to registration")
    visitor.submit(email=email, password="correct horse battery staple", given_name="Vera", family_name="Visitor")
    step("registered", f"{email}; no choice of plans is shown, the link has chosen")


def pay(visitor: Visitor) -> None:
    """Have one card declined, and pay with another."""
    type_card(visitor, DECLINED_CARD)
    check(
        "declined card",
        "declined" in visitor.page.text.lower(),
        "the first card is declined; the page says why",
        visitor,
    )
    type_card(visitor, GOOD_CARD)
    if has_button(visitor, "Pay with"):  # it was typed at Stripe, and nothing is charged before this
        visitor.submit("Pay with")
    check("paid", visitor.page.status == 200, f"the second card pays, and we are back at {visitor.page.url}", visitor)


def type_card(visitor: Visitor, number: str) -> None:
    """Type a card into the page in front of a visitor: this server's own, or Stripe's, which a button leads to."""
    if not card_forms(visitor):
        visitor.submit("payment method")
    typed = {"number": number, "expiry": "12 / 34", "cvc": "123", "name": "Vera Visitor"}
    fields = card_forms(visitor)[0]
    visitor.submit(**{name: value for name, value in typed.items() if name in fields})


def has_button(visitor: Visitor, label: str) -> bool:
    """Tell whether a page has a button that says so."""
    return any(label in button[0] for form in visitor.page.forms for button in form.buttons)


def card_forms(visitor: Visitor) -> list[dict[str, str]]:
    """Return the fields of the forms on a page that take a card."""
    return [form.fields for form in visitor.page.forms if "number" in form.fields]


def live_on(folder: Path, ready: dict[str, object], address: str) -> None:
    """Live through two months in a moment: a renewal whose payment fails, the recovery, and the end."""
    CONSOLE.print("\n[bold]Two months[/]")
    with api(ready) as client, Visitor() as visitor:
        clock_id = clock_for_sign_ups(folder)
        sign_up(visitor, address, f"later-{secrets.token_hex(4)}@example.com")
        pay(visitor)
        portal = open_portal(visitor, address)
        visitor.open(portal)
        visitor.follow("Invoices")
        invoices = visitor.page.url
        check("invoice", "INV-" in visitor.page.text and "Paid" in visitor.page.text, "the first one is paid", visitor)
        visitor.follow("Payment method")
        type_card(visitor, LATER_DECLINED_CARD)
        step("another card", "which the bank will decline when it is charged")
        client.test_clocks.advance(clock_id, to=datetime.now(UTC) + timedelta(days=32))
        visitor.open(invoices)
        check("renewal", is_owed(visitor), "a month later its payment fails, and the invoice is open", visitor)
        visitor.follow("Payment method")
        type_card(visitor, GOOD_CARD)
        visitor.open(invoices)
        if is_owed(visitor):
            visitor.follow("Pay")
            visitor.submit("Pay")
            visitor.open(invoices)
        check("recovery", not is_owed(visitor), "a good card pays what was open", visitor)
        visitor.open(portal)
        visitor.follow("Cancel")
        visitor.submit("Cancel", when="period_end")
        check("cancelled", "ends on" in visitor.page.text, "what is paid stays until the period ends", visitor)
        client.test_clocks.advance(clock_id, to=datetime.now(UTC) + timedelta(days=70))
        visitor.open(portal)
        check("the end", "No plan yet" in visitor.page.text, "another month later there is no plan", visitor)


def is_owed(visitor: Visitor) -> bool:
    """Tell whether the list of invoices in front of a visitor has one to pay."""
    return any(label == "Pay" for label, _ in visitor.page.links)


def clock_for_sign_ups(folder: Path) -> str:
    """Make a test clock that whoever signs up from now on lives by, and return its id."""
    command = [str(Path(sys.executable).with_name("billing-sdk")), "clock", "create", "--sign-ups", "--json"]
    command += ["--database", f"sqlite:///{folder / 'demo.db'}"]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    clock_id: str = json.loads(made.stdout)["id"]
    return clock_id


def use(visitor: Visitor, address: str) -> None:
    """Record some usage of a metered feature."""
    visitor.open(f"{address}/")
    visitor.submit("Generate")
    check("usage", visitor.page.status == 200, "a metered action is recorded", visitor)


def open_portal(visitor: Visitor, address: str) -> str:
    """Open the portal by its button, and see that the link does not work twice."""
    visitor.open(f"{address}/")
    visitor.follow("Manage")
    link = visitor.page.url
    visitor.submit()
    portal = visitor.page.url
    check("portal", "Pro" in visitor.page.text, "the link opens the portal on the current plan", visitor)
    visitor.open(link)
    if visitor.page.forms:
        visitor.submit()
    check("portal link", visitor.page.status == 410, "the same link does not work a second time", visitor)
    return portal


def cancel(visitor: Visitor, address: str, portal: str) -> None:
    """Cancel in the portal, and see the gate close when the webhook arrives."""
    visitor.open(portal)
    visitor.follow("Cancel")
    visitor.submit("Cancel", when="now")
    cancelled_at = time.monotonic()
    wait_until(lambda: visitor.open(f"{address}/reports").status == 402, "the gate closes")
    seconds = time.monotonic() - cancelled_at
    step("gate closed", f"{seconds:.2f} s after the cancellation, by the webhook, without a restart")


def check(name: str, holds: bool, what: str, visitor: Visitor) -> None:
    """Print a step that holds; stop the demo at one that does not."""
    if not holds:
        raise SystemExit(f"failed: {what}\n{visitor.page.status} {visitor.page.url}\n{visitor.page.text}")
    step(name, what)


def step(name: str, proved: str) -> None:
    """Print one line."""
    CONSOLE.print(f"  [green]✓[/] [bold]{name}[/]: {proved}")


def stay_up(ready: dict[str, object], addresses: dict[str, str]) -> None:
    """Print the addresses and wait to be stopped."""
    CONSOLE.print("\nLeft up for you; press Ctrl-C to stop.")
    for name, address in {"billing server": ready["base_url"], **addresses}.items():
        CONSOLE.print(f"  {name:16} {address}")
    users = ready["users"]
    assert isinstance(users, list)
    for user in users:
        CONSOLE.print(f"  test login       {user['email']}  {user['password']}")
    CONSOLE.print(f"  test card        {GOOD_CARD}   declined: {DECLINED_CARD}")
    threading.Event().wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 90) -> None:
    """Wait for a condition; stop the demo once the deadline has passed."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"failed: {what} did not happen within {seconds:.0f} s")
        pause.wait(0.05)


if __name__ == "__main__":
    sys.exit(main())
