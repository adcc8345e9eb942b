"""Run every benchmark and print its figures."""

from __future__ import annotations

import os
import platform

from benchmarks import billing_run, changes, gate, gate_served, rating, renewals, requests, tokens


def main() -> None:
    """Print the machine class and one line for each figure."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for name, figure in (
        *gate.measure(),
        *gate_served.measure(),
        *tokens.measure(),
        *rating.measure(),
        *renewals.measure(),
        *billing_run.measure(),
        *changes.measure(),
        *requests.measure(),
    ):
        print(f"{name:90} {figure:>20}")


if __name__ == "__main__":
    main()
