"""Twelve attacks on this SDK and on the published kinde-python-sdk, side by side; `--write` writes the page."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "twelve-attacks.md"


def main() -> int:
    """Do the attacks, and fail where this SDK does not withstand one."""
    parser = argparse.ArgumentParser(description="Twelve attacks on two SDKs, side by side.")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    driver = importlib.import_module("tests.attacks.driver")
    if not driver.KINDE.exists():
        parser.error("the other SDK is not installed; run: sh scripts/foreign.sh")
    table = driver.run()
    print("\n".join(driver.told(table)))
    controls = driver.run(driver.CONTROLS)
    print("\n".join(["controls", *driver.told(controls, driver.CONTROLS)]))
    if arguments.write:
        PAGE.write_text(driver.page(table, controls))
    return 0 if driver.withstood(table + controls)[0] == len(table + controls) else 1


if __name__ == "__main__":
    sys.exit(main())
