"""`python -m soak [NAME ...] [--scale 1.0]`: run scenarios, print what they measured, fail where a bar is missed."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from pathlib import Path

NOT_SCENARIOS = frozenset({"__main__", "report", "fuzz", "tools"})


def scenarios() -> list[str]:
    """Return the names of all scenarios."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if module.name not in NOT_SCENARIOS and module.name[0] != "_")


def main() -> int:
    """Run what is asked for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m soak", description="Run the long proofs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(scenarios())}")
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: the numbers of the plan; less: a part of them")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(scenarios())
    if unknown:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}")
    missed = 0
    for name in arguments.names or scenarios():
        print(f"{name}, scale {arguments.scale:g}", flush=True)
        began = time.monotonic()
        for bar in importlib.import_module(f"soak.{name}").run(arguments.scale):
            print(bar, flush=True)
            missed += not bar.is_met
        print(f"  in {time.monotonic() - began:.1f} s", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
