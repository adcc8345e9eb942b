"""On what terms the Konnect door offers an add-on beside a plan: how many, and whether once only."""

from __future__ import annotations

from billing_sdk.errors import InvalidQuantity
from billing_sdk.server.storage import UnitOfWork


def check_add_on_terms(tx: UnitOfWork, plan_version_id: str, add_on_version_id: str, key: str, quantity: int) -> None:
    """Let a number of an add-on pass that its maker allows beside a version of a plan.

    Raises:
        InvalidQuantity: it can be had once only, or not that often beside this plan.
    """
    extras = tx.konnect.find("addon", add_on_version_id)
    if extras is None:
        return  # it was made through another door, which sets no such terms
    if quantity > 1 and extras.more.get("sent", {}).get("instance_type") == "single":
        raise InvalidQuantity(f"the add-on {key!r} can be had once only")
    for one in tx.konnect.list("plan_addon", parent_id=plan_version_id):
        most = one.more.get("max_quantity")
        if one.more["addon_id"] == add_on_version_id and most is not None and quantity > most:
            raise InvalidQuantity(f"the add-on {key!r} can be had {most} times at most beside this plan")
