"""A lease in the hands of an application without a framework: a use is let in at once, or waits for the next slice."""

from __future__ import annotations

from decimal import Decimal
from types import TracebackType
from typing import Self

from billing_sdk._operation import C, Flow, Resource, operation
from billing_sdk.errors import InvalidQuantity
from billing_sdk.resources._leases import Leased, Leases
from billing_sdk.resources._reserving import plain_quantity
from billing_sdk.resources._slices import Holder, Slice, scaled


class Use:
    """A use that was let in.

    As a context manager it counts what `units` says at the end of the block, and nothing where the block raises.

    Attributes:
        units: how many it uses; set it to what it came to, which may be more than was asked for.
    """

    __slots__ = ("_count", "_held", "_holder", "_is_settled", "units")

    def __init__(self, holder: Holder, held: Slice, count: int, units: Decimal | int) -> None:
        self._holder, self._held, self._count = holder, held, count
        self._is_settled = False
        self.units = units

    def done(self, units: Decimal | int | None = None) -> None:
        """Count the use; a second time changes nothing.

        Args:
            units: how many it came to; those that it was let in for by default. With 0 all of them go back.

        Raises:
            InvalidQuantity: the units are not a plain number of zero or more.
        """
        used = exact_count(self.units if units is None else units)
        if not self._is_settled:
            self._is_settled = True
            self._holder.settle(self._held, self._count, used)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.done(None if kind is None else 0)


class Lease(Resource[C]):
    """Lets uses in by units that this process holds; one serves any number of threads or tasks."""

    def __init__(self, client: C, leases: Leases, leased: Leased, *, wished: int) -> None:
        self._client = client
        self._leases, self._leased, self._wished = leases, leased, wished

    @operation
    def use(self, units: Decimal | int = 1) -> Flow[Use]:
        """Let a use in, and say at its end what it came to: with `done`, or as the end of a `with` block.

        Raises:
            PaymentRequired: the plan does not include the feature.
            LimitReached: it does, and what is left is not enough.
            CreditExhausted: there is room, and not enough credit.
            InvalidQuantity: the units are not a plain number above zero.
            Unreachable: nothing is at hand, and the server does not answer.
        """
        count = exact_count(units)
        if not count:
            raise InvalidQuantity("there is nothing to use")
        if self._leases.tender is None:
            yield from self._leases.begin_tending()
        found = self._leases.take(self._leased, count)
        if found is None:
            found = yield from self._leases.fetch(self._leased, count, self._wished)
        return Use(*found, count, units)


def exact_count(units: Decimal | int) -> int:
    """Return a quantity as a whole number of the smallest part that there is.

    Raises:
        InvalidQuantity: it is not a plain number of zero or more with 12 decimals at most.
    """
    if type(units) is int and 0 <= units <= 10**20:
        return scaled(units)
    number = Decimal(plain_quantity(units))
    exponent = number.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -12:
        raise InvalidQuantity("a quantity has 12 decimals at most")
    return scaled(number)
