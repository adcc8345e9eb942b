"""Which language a customer reads: the one rule for papers, mail and the pages that are about them."""

from __future__ import annotations

from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.identity import User
from billing_sdk.server.storage import UnitOfWork


def languages_of_customer(tx: UnitOfWork, customer: Customer, profile: BillingProfile | None = None) -> tuple[str, ...]:
    """Return the tags of the languages that a customer is written to in, the best first.

    What the customer has chosen for invoices comes first, then what its person has chosen in the profile, which until
    then is the language that the account was made in; then that of the billing profile.

    Args:
        tx: a transaction that reads.
        customer: whose.
        profile: the billing profile of what is written about; the customer's present one by default.
    """
    user = None if customer.user_id is None else tx.users.find(customer.user_id)
    own = None if user is None else language_of_person(user)
    profile = profile or tx.billing_profiles.of(customer)
    return tuple(tag for tag in (customer.language, own, profile.language) if tag)


def language_of_person(user: User) -> str | None:
    """Return the tag of the language that somebody has chosen, or signed up in; None where nobody knows."""
    return str(user.standard_claims.get("locale") or "") or None
