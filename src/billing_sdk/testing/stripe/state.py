"""All that the simulated Stripe knows: accounts, keys, and one space of objects per account and mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from billing_sdk.testing.stripe.clock import SimulatorClock
from billing_sdk.testing.stripe.errors import Json, missing, not_linked, unauthorized
from billing_sdk.testing.stripe.idempotency import Answers
from billing_sdk.testing.stripe.ids import Ids

# What an answer holds only when it is asked for by `expand[]`.
HIDDEN = {"invoice": ("payments", "confirmation_secret"), "customer": ("tax",)}


@dataclass(slots=True)
class Space:
    """What one account has in one mode; nothing of another account or mode can be seen from here.

    Attributes:
        numbers: of test cards and accounts, by the ids of the payment methods that stand for them.
    """

    account_id: str
    is_live: bool
    objects: dict[str, dict[str, Json]] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)
    numbers: dict[str, str] = field(default_factory=dict, repr=False)

    def all(self, kind: str) -> list[Json]:
        """Return all objects of a kind, oldest first."""
        return list(self.objects.get(kind, {}).values())

    def put(self, kind: str, item: Json) -> Json:
        """Keep an object."""
        self.objects.setdefault(kind, {})[item["id"]] = item
        return item

    def find(self, kind: str, object_id: str) -> Json | None:
        """Return an object, or None."""
        return self.objects.get(kind, {}).get(object_id)

    def get(self, kind: str, object_id: str, *, param: str = "id") -> Json:
        """Return an object.

        Args:
            kind: for example `customer`.
            object_id: its id.
            param: what named it; an id in the path that is unknown is answered by 404, one in a parameter by 400.

        Raises:
            Refusal: there is none.
        """
        found = self.find(kind, object_id)
        if found is None:
            raise missing(kind.replace("_", " "), object_id, param=param, status=404 if param == "id" else 400)
        return found

    def living(self, kind: str, object_id: str, *, param: str = "id") -> Json:
        """Return an object that has not been deleted.

        Raises:
            Refusal: there is none, or no longer.
        """
        found = self.get(kind, object_id, param=param)
        if found.get("_is_deleted"):
            raise missing(kind, object_id, param=param, status=404 if param == "id" else 400)
        return found

    def find_anywhere(self, object_id: str) -> Json | None:
        """Return the object with an id, of whatever kind."""
        for kind in self.objects.values():
            if object_id in kind:
                return kind[object_id]
        return None


@dataclass(slots=True)
class Key:
    """A secret key: whose it is, of which mode, and whether it still opens anything."""

    account_id: str
    is_live: bool
    is_revoked: bool = False


@dataclass(slots=True)
class State:
    """The simulated world. Whoever reads or changes it from outside the simulator's threads holds `world.lock`."""

    clock: SimulatorClock
    ids: Ids
    platform_id: str
    keys: dict[str, Key] = field(default_factory=dict)
    accounts: dict[str, Json] = field(default_factory=dict)
    spaces: dict[tuple[str, bool], Space] = field(default_factory=dict)
    codes: dict[str, Json] = field(default_factory=dict)
    later: list[tuple[int, Callable[[], None]]] = field(default_factory=list)

    def space(self, account_id: str, *, is_live: bool = False) -> Space:
        """Return the space of an account in a mode."""
        found = self.spaces.get((account_id, is_live))
        if found is None:
            found = self.spaces[account_id, is_live] = Space(account_id, is_live)
        return found

    def space_for(self, key: str, account_id: str | None) -> Space:
        """Return the space that a request works in.

        Args:
            key: a secret key.
            account_id: of the header `Stripe-Account`.

        Raises:
            Refusal: nobody has this key, or it may do nothing for this account.
        """
        found = self.keys.get(key)
        if found is None or found.is_revoked:
            raise unauthorized(key)
        if account_id is None or account_id == found.account_id:
            return self.space(found.account_id, is_live=found.is_live)
        account = self.accounts.get(account_id)
        if account is None or found.account_id not in account["_linked"]:
            raise not_linked(key, account_id)
        return self.space(account_id, is_live=found.is_live)

    def schedule(self, at: int, act: Callable[[], None]) -> None:
        """Have something done when the clock has reached an instant."""
        self.later.append((at, act))


def shown(item: Json, asked: list[str]) -> Json:
    """Return a copy of an object as an answer shows it: without what is only shown when it is asked for."""
    found: Json = public(item)
    first = {path.partition(".")[0] for path in asked}
    for name in HIDDEN.get(found.get("object", ""), ()):
        if name not in first:
            found.pop(name, None)
    return found


def public(value: Any) -> Any:
    """Return a copy without what only the simulator knows: names that begin with an underscore."""
    if isinstance(value, dict):
        return {name: public(each) for name, each in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [public(each) for each in value]
    return value
