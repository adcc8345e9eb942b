"""This SDK under the twelve attacks, by the steps that the other one goes through as well.

As a program it reads one line of JSON with what to do. It prints one line for each thing that it wants or has found:
`{"visit": url}` asks for a browser and is answered with `{"callback": url}`, and the last line is `{"found": {...}}`.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from billing_sdk import Client, SignedIn
from billing_sdk.errors import BillingError

Visit = Callable[[str], str]


def sign_in(client: Client, visit: Visit) -> SignedIn:
    """Send a visitor to the provider and take them back."""
    start = client.login.login_url()
    return client.login.callback(visit(str(start)), start.transaction)


def renew(client: Client, visit: Visit) -> dict[str, Any]:
    """Sign in, let the access token end, and ask for one that is good."""
    return refresh(client, visit, pause=lambda seconds: time.sleep(max(0.0, seconds)))


def refresh(client: Client, visit: Visit, *, pause: Callable[[float], None] = lambda _: None) -> dict[str, Any]:
    """Sign in, and ask for another access token, perhaps after a while."""
    old = sign_in(client, visit).tokens
    pause(old.expires_at.timestamp() - time.time())
    fresh = client.login.refresh(old)
    return {"ok": (fresh.access_token, fresh.refresh_token) != (old.access_token, old.refresh_token)}


def two_tabs(client: Client, visit: Visit) -> dict[str, Any]:
    """Start twice, and come back in the order of the start."""
    first, second = client.login.login_url(), client.login.login_url()
    for start in (first, second):
        client.login.callback(visit(str(start)), start.transaction)
    return {"ok": True}


def portal(client: Client, visit: Visit) -> dict[str, Any]:
    """Sign in, and ask for a link into the portal."""
    tokens = sign_in(client, visit).tokens
    return {"ok": True, "url": client.portal.create_link(token=tokens.access_token).url}


STEPS: dict[str, Callable[[Client, Visit], Any]] = {
    "sign_in": sign_in,
    "renew": renew,
    "refresh": refresh,
    "two_tabs": two_tabs,
    "portal": portal,
}


def report(task: dict[str, Any], visit: Visit) -> dict[str, Any]:
    """Go through the steps of a task, and return what came of it."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    names = ("client_id", "client_secret", "redirect_uri", "deadline_seconds")
    try:
        with Client(issuer=task["base_url"], **{name: task[name] for name in names if name in task}) as client:
            found = STEPS[task["do"]](client, visit)
        result = found if isinstance(found, dict) else {"ok": True}
    except BillingError as error:
        result = {"ok": False, "error": f"{type(error).__name__}: {error}"}
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    return {"error": "", **result, "log": log.getvalue()}


def ask_for_visit(url: str) -> str:
    """Have whoever drives this program walk through a browser."""
    say(visit=url)
    callback: str = json.loads(sys.stdin.readline())["callback"]
    return callback


def say(**document: Any) -> None:
    """Tell whoever drives this program one thing."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    say(found=report(json.loads(sys.stdin.readline()), ask_for_visit))
