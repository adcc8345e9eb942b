"""Runs the simulator by itself: `python -m billing_sdk.testing.stripe --port 0 --ready-file PATH`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from billing_sdk.testing.stripe.simulator import stripe_simulator


def main() -> None:
    """Listen until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m billing_sdk.testing.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111, help="0 takes a free one")
    parser.add_argument("--ready-file", type=Path, help="where base_url, secret_key and client_id are written as JSON")
    parser.add_argument("--seed", default="simulator", help="other seeds make other ids and keys")
    given = parser.parse_args()
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    with stripe_simulator(port=given.port, seed=given.seed) as simulator:
        ready = {
            "base_url": simulator.base_url,
            "secret_key": simulator.secret_key,
            "client_id": simulator.client_id,
        }
        if given.ready_file is not None:
            # Whoever waits for the file finds all of it, or none.
            draft = given.ready_file.with_suffix(".part")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(ready))
            os.replace(draft, given.ready_file)
        else:
            sys.stdout.write(f"{json.dumps(ready)}\n")
            sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
