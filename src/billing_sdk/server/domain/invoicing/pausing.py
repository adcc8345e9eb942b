"""How numbers go down to none with a pause, and back up when it ends.

A pause is kept as a change of all numbers. So a service interval that begins in one is charged from its end on, one
that has begun before is charged as a whole, and one in between costs nothing, whenever it is that they are billed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement, NumberChange
from billing_sdk.server.domain.catalog import LicenceFee
from billing_sdk.server.domain.invoicing.in_force import InForce


def with_numbers_paused(in_force: InForce, paused: Agreement, *, at: datetime) -> Agreement:
    """Return a paused agreement with no number of anything from an instant on.

    Args:
        in_force: what is in force until then.
        paused: the agreement from then on.
        at: when it is paused.
    """
    changes = (replace(one, was=one.becomes, becomes=0) for one in _all_back(in_force, at, is_charged=False))
    return replace(paused, number_changes=(*paused.number_changes, *changes))


def with_numbers_resumed(in_force: InForce, resumed: Agreement, *, at: datetime, is_charged: bool) -> Agreement:
    """Return a resumed agreement with its numbers back from an instant on.

    Args:
        in_force: what was in force before the pause.
        resumed: the agreement from then on.
        at: when it goes on.
        is_charged: the rest of the intervals that are under way is charged then; else at the next billing date.
    """
    return replace(resumed, number_changes=(*resumed.number_changes, *_all_back(in_force, at, is_charged=is_charged)))


def _all_back(in_force: InForce, at: datetime, *, is_charged: bool) -> Iterator[NumberChange]:
    for (key, is_add_on), number in sorted(_numbers(in_force).items()):
        yield NumberChange(
            key,
            is_add_on,
            at=at,
            was=0,
            becomes=number,
            is_charged=is_charged,
            is_given_back=False,
            is_settled=is_charged,
        )


def _numbers(in_force: InForce) -> dict[tuple[str, bool], int]:
    version, agreement = in_force.version, in_force.agreement
    phases = (version.components, *(phase.components for phase in version.opening_phases))
    fees = [fee for components in phases for fee in components if isinstance(fee, LicenceFee)]
    licences = {(fee.key, False): agreement.quantity_of(fee.key) if fee.is_licensed else 1 for fee in fees}
    return licences | {(one.version.plan_key, True): one.quantity for one in in_force.add_ons}
