"""Inkwell, a small application with everything that billing needs, in Starlette.

Run it with `BILLING_*` set: `python examples/starlette_app/app.py --port 8000`. `examples/flask_app` is its twin.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections import deque
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from billing_sdk.contrib.starlette import Billing
from billing_sdk.errors import ConfigurationError
from billing_sdk.events import Event

LOOK = Path(__file__).resolve().parent.parent / "look"
ROWS = [("January", 120, 84), ("February", 144, 121), ("March", 171, 160)]
TOKENS_PER_DRAFT = 5


def create_app() -> Starlette:
    """Make the application; the settings come from the environment."""
    templates = Jinja2Templates(directory=LOOK / "templates")
    templates.env.globals["framework"] = "Starlette"
    billing = Billing()
    events: deque[Event] = deque(maxlen=50)

    async def home(request: Request) -> Response:
        used = request.query_params.get("used", "")
        notice = f"Your draft is ready. It took {used} tokens." if used.isdecimal() else ""
        return templates.TemplateResponse(request, "home.html", {"notice": notice})

    @billing.requires("advanced_reports")
    async def reports(request: Request) -> Response:
        return templates.TemplateResponse(request, "reports.html", {"rows": ROWS})

    @billing.requires("ai_tokens")
    async def generate(_: Request) -> Response:
        await record_usage(billing, TOKENS_PER_DRAFT)
        return RedirectResponse(f"/?used={TOKENS_PER_DRAFT}", 303)

    async def webhooks(request: Request) -> Response:
        return templates.TemplateResponse(request, "webhooks.html", {"events": list(reversed(events))})

    @billing.on("*")
    async def note(event: Event) -> None:
        events.append(event)

    app = Starlette(
        routes=[
            Route("/", home),
            Route("/reports", reports),
            Route("/generate", generate, methods=["POST"]),
            Route("/webhooks", webhooks),
            Mount("/static", StaticFiles(directory=LOOK / "static")),
        ]
    )
    billing.init_app(app)
    templates.env.globals.update(billing.helpers)
    return app


async def record_usage(billing: Billing, tokens: int) -> None:
    """Record tokens on each of the user's agreements that meters them: there is one for each group of plans."""
    client, user = billing.client, billing.user
    assert user is not None, "the gate lets nobody in who is not signed in"
    customer_id = (await client.users.get(user.id)).billing_customer_id
    if customer_id is None:
        return
    for agreement in await client.agreements.list(customer_id, feature_code="ai_tokens"):
        await client.usage.record_reading(
            agreement_id=agreement.id,
            feature_code="ai_tokens",
            value=tokens,
            idempotency_key=str(uuid.uuid4()),
        )


def main() -> None:
    """Serve the application on loopback."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    try:
        app = create_app()
    except ConfigurationError as error:
        sys.exit(str(error))
    uvicorn.run(app, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
