"""Where an action stands in the body of an intent, and when it takes effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from billing_sdk.errors import BillingError
from billing_sdk.server.api.stripe.intent_bodies import WhenBody
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.domain.agreements import EffectiveAt

# When each kind of action can take effect; what is decided on commit is decided when it is reserved.
EFFECTIVE: Final[Mapping[str, frozenset[str]]] = {
    "subscribe": frozenset({"on_reserve", "current_billing_period_start", "timestamp"}),
    "modify": frozenset({"on_reserve", "current_billing_period_start", "timestamp"}),
    "deactivate": frozenset({"on_reserve", "current_billing_period_start", "current_billing_period_end", "timestamp"}),
    "apply": frozenset({"on_reserve", "current_billing_period_start"}),
    "remove": frozenset({"on_reserve", "current_billing_period_end"}),
}


@dataclass(frozen=True, slots=True)
class Place:
    """An action, and where it stands in the body.

    Attributes:
        param: such as `actions[0].subscribe`.
        usual: when all actions of the body take effect that say nothing else.
    """

    param: str
    usual: WhenBody | None

    def of(self, *names: str) -> str:
        """Return how a member of the action is written."""
        return ".".join((self.param, *names))

    def refused(self, code: str, detail: str, *names: str, status: int = 400) -> BillingError:
        """Return an error about a member of the action."""
        return refused(code, detail, status=status, param=self.of(*names))


def effective_at_of(given: WhenBody | None, kind: str, place: Place) -> EffectiveAt:
    """Return when an action takes effect.

    Raises:
        BillingError: an action of this kind can't take effect then.
    """
    when = given or place.usual or WhenBody(type="on_reserve")
    found = "on_reserve" if when.type == "on_commit" else when.type
    if found not in EFFECTIVE[kind] or (found == "timestamp") != (when.timestamp is not None):
        detail = "The timestamp belongs to its own type" if found in EFFECTIVE[kind] else f"It can't be {when.type}"
        raise place.refused("invalid_effective_at_timestamp", detail, "effective_at")
    return EffectiveAt(found, when.timestamp)  # type: ignore[arg-type]  # the table has no other texts
