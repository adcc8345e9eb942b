"""Figures of months as charts: what the dashboard's home and its page about revenue both read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.revenue import MeteredMonth, RevenueMonth, bounds_of, month_after, month_of
from billing_sdk.server.pages.charts import Chart, Number, Series
from billing_sdk.server.pages.dashboard.listing import one_of
from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.words import Phrase, phrase

SHOWN_MONTHS = 12
# So many meters have a chart, those with most usage in the newest month; the explorer shows the others.
MOST_METERS = 4
CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is to show.

    Attributes:
        months: the last twelve, the present one last, whether anything is known of them or not.
        by_month: what is known in the currency that is shown.
        currencies: those that there are figures in.
    """

    months: tuple[str, ...]
    by_month: dict[str, RevenueMonth]
    metered: tuple[MeteredMonth, ...]
    meter_names: dict[str, str]
    currency: str
    currencies: tuple[str, ...]

    @property
    def newest(self) -> RevenueMonth | None:
        """The present month, or the last that is known."""
        return next((self.by_month[month] for month in reversed(self.months) if month in self.by_month), None)

    def money(self, minor: int) -> Money:
        """Return minor units as an amount."""
        return Money(minor, self.currency)

    def chart(
        self,
        title: Phrase,
        *series: tuple[Phrase, Callable[[RevenueMonth], Number | None]],
        is_money: bool = True,
        is_percent: bool = False,
        is_stacked: bool = False,
    ) -> Chart:
        """Return figures of all months as a chart; a month of which nothing is known counts nothing."""
        return Chart(
            title=title,
            labels=tuple(bounds_of(month).start for month in self.months),
            series=tuple(
                Series(
                    label,
                    tuple(read(self.by_month[month]) if month in self.by_month else None for month in self.months),
                )
                for label, read in series
            ),
            currency=self.currency if is_money and not is_percent else "",
            is_percent=is_percent,
            is_stacked=is_stacked,
        )

    def usage(self) -> tuple[tuple[str, Chart], ...]:
        """Return a chart of each of the meters that are used most, with its name."""
        known = {(one.meter_key, one.month): one.quantity for one in self.metered}
        keys = sorted({one.meter_key for one in self.metered}, key=lambda key: (-self._last(known, key), key))
        labels = tuple(bounds_of(month).start for month in self.months)
        return tuple(
            (
                self.meter_names.get(key, key),
                Chart(
                    phrase("Usage of %(meter)s", meter=self.meter_names.get(key, key)),
                    labels,
                    (Series(phrase("Usage"), tuple(known.get((key, month)) for month in self.months)),),
                ),
            )
            for key in keys[:MOST_METERS]
        )

    def _last(self, known: dict[tuple[str, str], Decimal], key: str) -> Decimal:
        return known.get((key, self.months[-1]), Decimal(0))


def read_figures(seat: Seat) -> Figures:
    """Return the figures of the last twelve months, in the currency that the address asks for or the first one."""
    present = month_of(seat.engine.now())
    months = tuple(month_after(present, by) for by in range(1 - SHOWN_MONTHS, 1))
    with seat.engine.read() as tx:
        found = tx.revenue_months.list_since(months[0])
        metered = tx.revenue_months.metered_since(months[0])
        names = {meter.key: meter.name for meter in tx.meters.all()}
    currencies = _currencies(found)
    currency = one_of(seat.request, CURRENCY, currencies) or next(iter(currencies), "USD")
    by_month = {one.month: one for one in found if one.currency == currency}
    return Figures(months, by_month, metered, names, currency, currencies)


def _currencies(found: Sequence[RevenueMonth]) -> tuple[str, ...]:
    """Return the currencies, that with the most recurring revenue first."""
    most: dict[str, int] = {}
    for one in found:
        most[one.currency] = max(most.get(one.currency, 0), one.recurring_minor)
    return tuple(sorted(most, key=lambda currency: (-most[currency], currency)))
