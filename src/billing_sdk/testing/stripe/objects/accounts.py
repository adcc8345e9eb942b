"""Accounts: the platform's own, and those that have let it in."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, not_linked
from billing_sdk.testing.stripe.operations import operation
from billing_sdk.testing.stripe.state import State

NEEDS = ("business_profile.url", "external_account", "tos_acceptance.date")


@operation("GET /v1/account")
def retrieve_own(call: Call) -> Json:
    """Return the account that the request works in."""
    return call.state.accounts[call.space.account_id]


@operation("GET /v1/accounts/{id}")
def retrieve(call: Call) -> Json:
    """Return an account by its id: one's own, or a linked one."""
    account = call.state.accounts.get(call.id)
    if account is None or (call.id != call.space.account_id and call.space.account_id not in account["_linked"]):
        raise not_linked("sk_test_", call.id)
    return account


def new_account(state: State, account_id: str, *, is_ready: bool, country: str, currency: str, name: str) -> Json:
    """Make an account.

    Args:
        state: the simulated world.
        account_id: `acct_…`.
        is_ready: whether it can take charges and is paid out; if not, its requirements say what is missing.
        country: two capital letters.
        currency: in which it is paid out.
        name: of the business.
    """
    missing = [] if is_ready else list(NEEDS)
    account: Json = {
        "id": account_id,
        "object": "account",
        "business_profile": {"mcc": None, "name": name, "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active" if is_ready else "inactive"},
        "charges_enabled": is_ready,
        "controller": {"type": "account"},
        "country": country,
        "created": state.clock.seconds(),
        "default_currency": currency,
        "details_submitted": is_ready,
        "email": "owner@example.com",
        "future_requirements": _requirements([]),
        "metadata": {},
        "payouts_enabled": is_ready,
        "requirements": _requirements(missing),
        "settings": {"dashboard": {"display_name": name, "timezone": "Etc/UTC"}},
        "type": "standard",
        "_linked": set(),
    }
    state.accounts[account_id] = account
    return account


def complete(account: Json) -> None:
    """Have the owner hand in all that is missing."""
    account.update(charges_enabled=True, payouts_enabled=True, details_submitted=True, requirements=_requirements([]))
    account["capabilities"]["card_payments"] = "active"


def _requirements(missing: list[str]) -> Json:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": missing,
        "disabled_reason": "requirements.past_due" if missing else None,
        "errors": [],
        "eventually_due": list(missing),
        "past_due": list(missing),
        "pending_verification": [],
    }
