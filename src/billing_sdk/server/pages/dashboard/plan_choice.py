"""Plans by their names: those that agreements are about, and a choice among all of them that stays short."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from starlette.requests import Request

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.pages.dashboard.listing import asked
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.words import Phrase

# A workspace may have hundreds, and nobody looks for one in a list of them.
OFFERED = 50


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """What can be chosen.

    Attributes:
        options: the keys of plans with what is shown for them.
        has_more: there are others, which are asked for by their keys.
        wanted: the key that somebody asks for, whether or not there is such a plan; empty for none.
    """

    options: tuple[tuple[str, Phrase | str], ...]
    has_more: bool
    wanted: str

    @property
    def is_known(self) -> bool:
        """Whether what is wanted can be had."""
        return self.wanted in dict(self.options)


def asked_plan(request: Request) -> str:
    """Return the key of the plan that an address asks for: one that was typed, or else one that was chosen."""
    return asked(request, "plan_key") or asked(request, "plan")


def sent_plan(form: Form) -> str:
    """Return the key of the plan that a form was sent with: one that was typed, or else one that was chosen."""
    return form.text("plan_key") or form.text("plan")


def plan_choice(
    tx: UnitOfWork,
    wanted: str,
    *,
    nothing: Phrase | None = None,
    group_id: str = "",
    kind: str = "",
    status: str = "",
    apart_from: Collection[str] = (),
) -> PlanChoice:
    """Return the first plans to choose from, and with them the one that is wanted.

    Args:
        tx: a transaction that reads.
        wanted: the key that somebody asks for.
        nothing: what is shown for no plan, where that is a choice.
        group_id: only those of a group, where it is given.
        kind: only those of this kind, likewise.
        status: only those with this status, likewise.
        apart_from: the keys of those that are not offered.
    """
    among = {"group_id": group_id, "kind": kind, "status": status}
    found = tx.catalog.names_in_order(limit=OFFERED + 1 + len(apart_from), **among)
    found = {key: name for key, name in found.items() if key not in apart_from}
    offered = dict(list(found.items())[:OFFERED])
    if wanted and wanted not in (*apart_from, *offered):
        offered |= tx.catalog.names_in_order(limit=1, key=wanted, **among)
    first = () if nothing is None else (("", nothing),)
    return PlanChoice((*first, *offered.items()), len(found) > OFFERED, wanted)


def plan_names(tx: UnitOfWork, agreements: Iterable[Agreement]) -> dict[str, str]:
    """Return what the plans and add-ons are called that agreements name, now or as planned, by their keys."""
    return tx.catalog.names({key for one in agreements for key in one.plan_keys})
