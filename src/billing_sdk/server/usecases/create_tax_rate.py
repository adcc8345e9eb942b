"""Enter a tax rate, and end one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from billing_sdk.errors import InvalidTiming, TaxRateExists
from billing_sdk.server.domain.tax import TaxRate
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def create_tax_rate(
    engine: Engine,
    *,
    country: str,
    percent: Decimal,
    name: str = "VAT",
    region: str | None = None,
    tax_code: str | None = None,
    replaces_country: bool = False,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    actor: str = "api",
) -> TaxRate:
    """Let a place take a percentage of what is sold there; invoices from then on charge it.

    Args:
        engine: the engine.
        country: two capital letters (ISO 3166-1 alpha-2).
        percent: 0 to 100, with four decimals at most.
        name: what invoices call it.
        region: the part of the country that it holds in; all of it by default.
        tax_code: the kind of goods that it is for; all that have no rate of their own by default.
        replaces_country: the region charges it in place of the country's rates, and not in addition.
        valid_from: since when it holds; always by default.
        valid_until: the instant from which it holds no more.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: a member can't be; the fact `parameter` names it.
        UnknownTaxCode: there is no such tax code.
        TaxRateExists: a rate of the same name holds there for the tax code at the same time.
    """
    rate = TaxRate(
        id=new_id("taxrate"),
        country=country,
        percent=percent,
        name=name.strip(),
        region=region,
        tax_code=tax_code,
        replaces_country=replaces_country,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    with engine.begin() as tx:
        tx.tax_rates.lock()
        tx.tax_codes.require(frozenset() if tax_code is None else frozenset({tax_code}))
        for other in tx.tax_rates.of_country(country):
            if rate.collides_with(other):
                raise TaxRateExists(f"the rate {other.id} of {other.percent:f} % holds there", tax_rate=other.id)
        tx.tax_rates.add(rate)
        tx.audit.record(actor, "tax_rate.create", rate.id, engine.now(), after=rate)
    return rate


def end_tax_rate(engine: Engine, *, rate_id: str, at: datetime | None = None, actor: str = "api") -> TaxRate:
    """Let a rate hold no more from an instant on; what was charged by it stays, and is given back by it.

    One that has not begun by then never holds.

    Args:
        engine: the engine.
        rate_id: the rate.
        at: now by default; not before.
        actor: who does it, as the audit names them.

    Raises:
        UnknownTaxRate: there is no such rate.
        InvalidTiming: the instant is past, or the rate has ended by then.
    """
    now = engine.now()
    at = at or now
    with engine.begin() as tx:
        tx.tax_rates.lock()
        before = tx.tax_rates.get(rate_id)
        if at < now:
            raise InvalidTiming("a tax rate can't end in the past", remedy="Leave the instant out.")
        if before.valid_until is not None and before.valid_until < at:
            raise InvalidTiming(f"the tax rate {rate_id[:64]} ends on {before.valid_until:%Y-%m-%d %H:%M} UTC already")
        rate = before.ended(at)
        tx.tax_rates.save_end(rate)
        tx.audit.record(actor, "tax_rate.end", rate_id, now, before=before, after=rate)
    return rate
