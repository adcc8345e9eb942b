"""What a payment processor calls our tax codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.known_tax_codes import known_tax_codes

STRIPE: Final = "stripe"
# Stripe documentation, "Product tax codes": of what is not taxed anywhere.
NONTAXABLE: Final = "txcd_00000000"
THEIR_OWN: Final = re.compile(r"txcd_\d{8}")


def stripe_tax_codes(tx: UnitOfWork) -> Mapping[str, str]:
    """Return what Stripe calls our tax codes, by their keys; a key that is one of Stripe's stands for itself."""
    found: dict[str, str] = {}
    for known in known_tax_codes(tx):
        key = known.code.key
        theirs = [one["tax_code"] for one in known.extras.more.get("app_mappings", ()) if one["app_type"] == STRIPE]
        if theirs:
            found[key] = theirs[0]
        elif THEIR_OWN.fullmatch(key):
            found[key] = key
    return found
