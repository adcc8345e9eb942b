"""What an operator lets customers do for themselves in the portal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Wish: TypeAlias = Literal[
    "change_plan",
    "cancel",
    "pause",
    "resume",
    "buy_add_ons",
    "change_seats",
    "top_up",
    "manage_payment_methods",
    "edit_billing_address",
    "manage_members",
    "edit_organization",
    "edit_profile",
    "see_invoices",
    "see_usage",
]
WISHES: Final[tuple[Wish, ...]] = get_args(Wish)


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """What customers may do for themselves; whatever is not allowed is neither offered nor done.

    An operator can still do all of it for them. `may_resume` is about a plan that is paused or that is going to end.

    Attributes:
        cancellations_need_approval: a customer who cancels asks for it, and an operator decides.
    """

    may_change_plan: bool = True
    may_cancel: bool = True
    may_pause: bool = False
    may_resume: bool = True
    may_buy_add_ons: bool = True
    may_change_seats: bool = True
    may_top_up: bool = True
    may_manage_payment_methods: bool = True
    may_edit_billing_address: bool = True
    may_manage_members: bool = True
    may_edit_organization: bool = True
    may_edit_profile: bool = True
    shows_invoices: bool = True
    shows_usage: bool = True
    cancellations_need_approval: bool = False

    def allows(self, wish: Wish) -> bool:
        """Tell whether customers may do something."""
        allowed: bool = getattr(self, field_of(wish))
        return allowed


def field_of(wish: Wish) -> str:
    """Return the name of the setting that decides about a wish: `may_cancel` about "cancel"."""
    verb, _, rest = wish.partition("_")
    return f"shows_{rest}" if verb == "see" else f"may_{wish}"
