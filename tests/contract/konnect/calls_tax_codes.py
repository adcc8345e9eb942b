"""Good calls of the operations on tax codes."""

from __future__ import annotations

from typing import Any

from tests.contract.konnect.calling import Call, Door, Sent

MAPPED = {"app_mappings": [{"app_type": "stripe", "tax_code": "txcd_10000000"}]}


def _code(door: Door) -> dict[str, Any]:
    return door.made("/tax-codes", {"name": "SaaS", "key": door.name("saas"), **MAPPED})


def _defaults(door: Door) -> Sent:
    code = {"id": _code(door)["id"]}
    return Sent("/defaults/tax-codes", {"invoicing_tax_code": code, "credit_grant_tax_code": code})


CALLS = {
    "create-tax-code": Call(
        lambda door: Sent("/tax-codes", {"name": "SaaS", "key": door.name("saas"), "labels": {"a": "b"}, **MAPPED}),
        201,
    ),
    "list-tax-codes": Call(lambda _: Sent("/tax-codes", query="include_deleted=true&page[size]=2")),
    "get-tax-code": Call(lambda door: Sent(f"/tax-codes/{_code(door)['id']}")),
    "upsert-tax-code": Call(lambda door: Sent(f"/tax-codes/{_code(door)['id']}", {"name": "Software", **MAPPED})),
    "delete-tax-code": Call(lambda door: Sent(f"/tax-codes/{_code(door)['id']}"), 204),
    "get-organization-default-tax-codes": Call(lambda _: Sent("/defaults/tax-codes")),
    "update-organization-default-tax-codes": Call(_defaults),
}
