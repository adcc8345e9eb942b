"""The published kinde-python-sdk, unmodified, under the twelve attacks; runs in an environment of its own.

It speaks as `tests/attacks/ours.py` does: one line of JSON with what to do, `{"visit": url}` for a browser, and
`{"found": {...}}` at the end.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from urllib.parse import parse_qs, urlsplit

from kinde_sdk.auth.oauth import OAuth
from kinde_sdk.auth.portals import PortalPage, portals
from kinde_sdk.core.framework.framework_factory import FrameworkFactory
from kinde_sdk.core.framework.null_framework import NullFramework

SESSION = "a session of the application"


def say(**document):
    """Tell whoever drives this program one thing."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def visit(url):
    """Have a browser walk to the callback, and return what it brings."""
    say(visit=url)
    query = parse_qs(urlsplit(json.loads(sys.stdin.readline())["callback"]).query)
    return {name: values[0] for name, values in query.items()}


async def come_back(oauth, callback):
    """Hand the callback to the SDK, as its framework adapters do."""
    return await oauth.handle_redirect(callback["code"], SESSION, callback.get("state"))


async def sign_in(oauth, task):
    """Send a visitor to the provider and take them back."""
    await come_back(oauth, visit(await oauth.login()))
    claims = oauth._session_manager.get_token_manager(SESSION).get_claims("id_token")
    return {"ok": bool(claims)}


async def renew(oauth, task):
    """Sign in, let the access token end, and ask for one that is good."""
    await sign_in(oauth, task)
    tokens = oauth._session_manager.get_token_manager(SESSION)
    old = tokens.tokens["access_token"]
    await asyncio.sleep(1.2)
    return {"ok": tokens.get_access_token() != old}


async def two_tabs(oauth, task):
    """Start twice, and come back in the order of the start."""
    first, second = await oauth.login(), await oauth.login()
    for url in (first, second):
        await come_back(oauth, visit(url))
    return {"ok": True}


async def portal(oauth, task):
    """Sign in, and ask for a link into the portal."""
    await sign_in(oauth, task)
    FrameworkFactory._framework_instance = NullFramework()
    NullFramework().set_user_id(SESSION)
    link = await portals.generate_portal_url(task["base_url"], task["redirect_uri"], PortalPage.PROFILE)
    return {"ok": True, "url": link["url"]}


def report(task):
    """Go through the steps of a task, and return what came of it."""
    log = io.StringIO()
    logging.basicConfig(level=logging.INFO, stream=log)
    try:
        oauth = OAuth(
            client_id=task["client_id"],
            client_secret=task["client_secret"],
            redirect_uri=task["redirect_uri"],
            host=task["base_url"],
        )
        steps = {"sign_in": sign_in, "renew": renew, "two_tabs": two_tabs, "portal": portal}
        result = asyncio.run(steps[task["do"]](oauth, task))
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
        result = {"ok": False, "error": f"{type(error).__name__}: {error}"}
    return {"error": "", **result, "log": log.getvalue()}


if __name__ == "__main__":
    say(found=report(json.loads(sys.stdin.readline())))
