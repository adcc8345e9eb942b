"""Which plans somebody who is signing in or up is asked to choose from.

Source: Kinde documentation, "Pricing table display defaults" and "Customize the plan sign-up experience".
"""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.customers import CustomerKind


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a person at the moment when a plan might be offered.

    Attributes:
        is_new_user: the account was created during this visit.
        is_new_organization: the organization was created during this visit (`is_create_org`).
        user_is_customer_without_plan: the person is a billing customer and on no plan.
        org_is_customer_without_plan: the same of the organization that the visit is for.
        may_write_billing: the person holds `org:write:billing` in that organization.
    """

    is_new_user: bool = False
    is_new_organization: bool = False
    user_is_customer_without_plan: bool = False
    org_is_customer_without_plan: bool = False
    may_write_billing: bool = False


def offer_for(visit: Visit, scopes: frozenset[CustomerKind]) -> CustomerKind | None:
    """Return whose plans to offer, or None to go on without.

    Args:
        visit: who is here.
        scopes: the kinds of customer that something is for sale to.

    An organization comes first: whoever creates one came for it, and is asked for a plan of their own only
    where organizations have nothing to buy.
    """
    if "organization" in scopes:
        if visit.is_new_organization:
            return "organization"
        if visit.org_is_customer_without_plan and visit.may_write_billing:
            return "organization"
    if "user" in scopes:
        if visit.is_new_user:
            return "user"
        if visit.user_is_customer_without_plan:
            return "user"
    return None
