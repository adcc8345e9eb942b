"""Tax codes and tax rates: what is sold, and what places take of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import TaxCode, TaxRate
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment, wire_time

CODES_PATH = f"{MANAGEMENT}/billing/tax_codes"
RATES_PATH = f"{MANAGEMENT}/billing/tax_rates"
CODE = one("tax_code", TaxCode.read)
RATE = one("tax_rate", TaxRate.read)


class TaxCodes(Resource[C]):
    """Tax codes; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[TaxCode, ...]]:
        """Return every tax code (extension)."""
        return every(CODES_PATH, "tax_codes", TaxCode.read)

    @operation
    def get(self, code: str) -> Call[TaxCode]:
        """Return one tax code (extension).

        Raises:
            UnknownTaxCode: there is no such tax code.
        """
        return Call("GET", f"{CODES_PATH}/{segment('code', code)}", CODE, credential="machine")

    @operation
    def create(self, *, code: str, name: str, idempotency_key: str | None = None) -> Call[TaxCode]:
        """Name a kind of what is sold, for components and rates; it never changes (extension).

        Args:
            code: 1 to 100 small letters, digits, `_`, `.` and `-`.
            name: for people.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvalidRequest: the code or the name can't be.
            DuplicateKey: the code is taken.
        """
        body = {"code": code, "name": name}
        return Call("POST", CODES_PATH, CODE, json=body, credential="machine", idempotency_key=idempotency_key)


class TaxRates(Resource[C]):
    """Tax rates; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self, *, country: str | None = None) -> Flow[tuple[TaxRate, ...]]:
        """Return every rate, the oldest first, those that have ended as well (extension).

        Args:
            country: only the rates of this country and its regions.
        """
        return every(RATES_PATH, "tax_rates", TaxRate.read, **given(country=country))

    @operation
    def get(self, rate_id: str) -> Call[TaxRate]:
        """Return one rate (extension).

        Raises:
            UnknownTaxRate: there is no such rate.
        """
        return Call("GET", f"{RATES_PATH}/{segment('rate_id', rate_id)}", RATE, credential="machine")

    @operation
    def create(
        self,
        *,
        country: str,
        percent: Decimal,
        name: str = "VAT",
        region: str | None = None,
        tax_code: str | None = None,
        replaces_country: bool = False,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> Call[TaxRate]:
        """Enter what a place takes; invoices from then on charge it (extension).

        Args:
            country: ISO 3166-1 alpha-2, such as `DE`.
            percent: 0 to 100, with four decimals at most.
            name: what invoices call it.
            region: the part of the country that it holds in; all of it by default.
            tax_code: what it is for; all that has no rate of its own there by default.
            replaces_country: the region charges it in place of the country's rates, and not in addition.
            valid_from: since when it holds; always by default.
            valid_until: the instant from which it holds no more.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvalidRequest: a member can't be; the detail says which.
            UnknownTaxCode: there is no such tax code.
            TaxRateExists: a rate of the same name holds there at the same time.
        """
        body: dict[str, Any] = {
            "country": country,
            "percent": f"{percent:f}",
            "name": name,
            **given(
                region=region,
                tax_code=tax_code,
                replaces_country=True if replaces_country else None,
                valid_from=None if valid_from is None else wire_time(valid_from, "valid_from"),
                valid_until=None if valid_until is None else wire_time(valid_until, "valid_until"),
            ),
        }
        return Call("POST", RATES_PATH, RATE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def end(self, rate_id: str, *, at: datetime | None = None, idempotency_key: str | None = None) -> Call[TaxRate]:
        """Let a rate hold no more; what was charged by it stays, and is given back by it (extension).

        Args:
            rate_id: the rate.
            at: from when on; now by default.
            idempotency_key: makes the call safe to repeat.

        Raises:
            UnknownTaxRate: there is no such rate.
            InvalidTiming: the instant is past, or the rate has ended by then.
        """
        body = given(at=None if at is None else wire_time(at, "at"))
        path = f"{RATES_PATH}/{segment('rate_id', rate_id)}/end"
        return Call("POST", path, RATE, json=body, credential="machine", idempotency_key=idempotency_key)
