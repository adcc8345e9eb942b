"""Inkwell, a small application with everything that billing needs, in Flask.

Run it with `BILLING_*` set: `python examples/flask_app/app.py --port 5000`. `examples/starlette_app` is its twin.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections import deque
from pathlib import Path

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from billing_sdk.contrib.flask import Billing
from billing_sdk.errors import ConfigurationError
from billing_sdk.events import Event

LOOK = Path(__file__).resolve().parent.parent / "look"
ROWS = [("January", 120, 84), ("February", 144, 121), ("March", 171, 160)]
TOKENS_PER_DRAFT = 5


def create_app() -> Flask:
    """Make the application; the settings come from the environment."""
    app = Flask(__name__, template_folder=str(LOOK / "templates"), static_folder=str(LOOK / "static"))
    app.jinja_env.globals["framework"] = "Flask"
    billing = Billing(app)
    events: deque[Event] = deque(maxlen=50)

    @app.get("/")
    def home() -> str:
        used = request.args.get("used", "")
        notice = f"Your draft is ready. It took {used} tokens." if used.isdecimal() else ""
        return render_template("home.html", notice=notice)

    @app.get("/reports")
    @billing.requires("advanced_reports")
    def reports() -> str:
        return render_template("reports.html", rows=ROWS)

    @app.post("/generate")
    @billing.requires("ai_tokens")
    def generate() -> Response:
        record_usage(billing, TOKENS_PER_DRAFT)
        return redirect(f"/?used={TOKENS_PER_DRAFT}", 303)

    @app.get("/webhooks")
    def webhooks() -> str:
        return render_template("webhooks.html", events=list(reversed(events)))

    @billing.on("*")
    def note(event: Event) -> None:
        events.append(event)

    return app


def record_usage(billing: Billing, tokens: int) -> None:
    """Record tokens on each of the user's agreements that meters them: there is one for each group of plans."""
    client, user = billing.client, billing.user
    assert user is not None, "the gate lets nobody in who is not signed in"
    customer_id = client.users.get(user.id).billing_customer_id
    if customer_id is None:
        return
    for agreement in client.agreements.list(customer_id, feature_code="ai_tokens"):
        client.usage.record_reading(
            agreement_id=agreement.id,
            feature_code="ai_tokens",
            value=tokens,
            idempotency_key=str(uuid.uuid4()),
        )


def main() -> None:
    """Serve the application on loopback."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5000)
    port = parser.parse_args().port
    try:
        app = create_app()
    except ConfigurationError as error:
        sys.exit(str(error))
    app.run(host="127.0.0.1", port=port, threaded=True)


if __name__ == "__main__":
    main()
