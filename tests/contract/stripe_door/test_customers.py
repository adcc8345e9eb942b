"""Customers of v1."""

from __future__ import annotations

from tests.contract.stripe_door.door import Door


def test_a_customer_is_made_changed_found_and_deleted(door: Door) -> None:
    made = door.v1.post("/customers", {"name": "Ada", "email": "ada@example.com", "metadata": {"tier": "gold"}})
    assert made["id"].startswith("cus_")
    assert (made["name"], made["email"], made["metadata"], made["livemode"]) == (
        "Ada",
        "ada@example.com",
        {"tier": "gold"},
        False,
    )
    changed = door.v1.post(f"/customers/{made['id']}", {"metadata": {"tier": "", "x": "1"}, "name": "Ada L."})
    assert (changed["metadata"], changed["name"], changed["email"]) == ({"x": "1"}, "Ada L.", "ada@example.com")
    assert door.v1.get(f"/customers/{made['id']}") == changed
    assert door.v1.get("/customers?email=ada@example.com")["data"] == [changed]
    assert door.v1.delete(f"/customers/{made['id']}") == {"id": made["id"], "object": "customer", "deleted": True}
    assert door.v1.get(f"/customers/{made['id']}")["deleted"] is True
    assert door.v1.refused("POST", f"/customers/{made['id']}", {"name": "x"}) == (404, "resource_missing", "id")
