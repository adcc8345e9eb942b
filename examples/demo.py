"""The main job, once, by itself: sign up with a plan, pay, pass a gate, hear the webhook, manage it in the portal.

Starts the billing server and both example applications on loopback, walks through them as a visitor would, and prints
what each step proved. Then everything stays up for you to try; with `--check` it stops instead.
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
from pathlib import Path

from rich.console import Console

from billing_sdk.testing.visitor import Visitor

HERE = Path(__file__).parent
CONSOLE = Console(highlight=False, soft_wrap=True)
EXAMPLES = {"Flask": HERE / "flask_app" / "app.py", "Starlette": HERE / "starlette_app" / "app.py"}
GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"


def main() -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="stop after the walk instead of staying up")
    check = parser.parse_args().check
    processes: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory() as folder:
            ports = {name: free_port() for name in EXAMPLES}
            ready = start_server(Path(folder), ports, processes)
            addresses = {name: start_example(name, ports[name], ready, processes) for name in EXAMPLES}
            for name, address in addresses.items():
                walk(name, address)
            CONSOLE.print("\n[bold green]Everything works.[/]")
            if not check:
                stay_up(ready, addresses)
    except KeyboardInterrupt:
        CONSOLE.print("\nStopped.")
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=20)
    return 0


def start_server(folder: Path, ports: dict[str, int], processes: list[subprocess.Popen[bytes]]) -> dict[str, object]:
    """Start the billing server on a free port and return what it wrote when it listened."""
    ready_file = folder / "ready.json"
    command = [str(Path(sys.executable).with_name("billing-sdk")), "serve", "--port", "0", "--seed", "demo"]
    command += ["--database", f"sqlite:///{folder / 'demo.db'}", "--ready-file", str(ready_file)]
    for port in ports.values():
        command += ["--redirect-uri", f"http://127.0.0.1:{port}/billing/callback"]
        command += ["--webhook", f"http://127.0.0.1:{port}/billing/webhooks"]
    processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    wait_until(ready_file.exists, "the billing server listens")
    ready: dict[str, object] = json.loads(ready_file.read_text())
    step("billing server", f"listens on {ready['base_url']}, SQLite, demo catalogue")
    return ready


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
    card = {"expiry": "12 / 34", "cvc": "123", "name": "Vera Visitor"}
    visitor.submit(number=DECLINED_CARD, **card)
    check(
        "declined card",
        "declined" in visitor.page.text.lower(),
        "the first card is declined; the page says why",
        visitor,
    )
    visitor.submit(number=GOOD_CARD, **card)
    check("paid", visitor.page.status == 200, f"the second card pays, and we are back at {visitor.page.url}", visitor)


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


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a condition; stop the demo once the deadline has passed."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"failed: {what} did not happen within {seconds:.0f} s")
        pause.wait(0.05)


if __name__ == "__main__":
    sys.exit(main())
