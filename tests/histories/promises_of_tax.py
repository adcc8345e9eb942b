"""The promises about tax: every rate of the place and time, rounded once, on what is left to pay and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine
from tests.histories.taxes import DEARER_AFTER, PLACES, TAXED
from tests.histories.world import START, Books, World

TAXABLE = frozenset({"licence_fee", "usage", "discount", "unused_time", "credit_grant", "one_off", "adjustment"})


def taxes_hold(world: World, books: Books) -> None:
    """Check every promise about the taxes of one customer."""
    number = [one.id for one in world.customers].index(books.customer.id)
    for invoice in books.invoices:
        if number not in TAXED:
            assert not any(line.kind == "tax" or _shares(line) for line in invoice.lines), (
                "tax, and nobody asked for it"
            )
            continue
        each_rate_is_rounded_once(invoice, is_inclusive=TAXED[number] == "inclusive")
        rates_are_those_of_the_place(world, number, invoice)


def each_rate_is_rounded_once(invoice: Invoice, *, is_inclusive: bool) -> None:
    exact: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    shared: Counter[tuple[str, str]] = Counter()
    base: Counter[tuple[str, str]] = Counter()
    for line in invoice.lines:
        if line.kind in TAXABLE and line.amount:
            assert "shares" in line.derivation["tax"], f"{line} was not looked at"
        shares = _shares(line)
        assert not shares or line.kind in TAXABLE, f"{line} is taxed"
        whole = 100 + (sum(Fraction(share["percent"]) for share in shares) if is_inclusive else 0)
        for share in shares:
            key = share["rate"], share["percent"]
            exact[key] += line.amount.minor * Fraction(share["percent"]) / whole
            shared[key] += int(share["amount_minor"])
            base[key] += line.amount.minor
    for key, amount in exact.items():
        assert shared[key] == _rounded(amount), f"{invoice.number}: {key} comes to {shared[key]}, and not {amount}"
    lines = [line for line in invoice.lines if line.kind == "tax"]
    said = {(line.component_id, line.derivation["percent"]): line.amount.minor for line in lines}
    assert len(said) == len(lines), "one rate stands on two lines"
    assert said == ({} if is_inclusive else {key: minor for key, minor in shared.items() if minor})
    for line in lines:
        assert int(line.derivation["base_minor"]) == base[line.component_id, line.derivation["percent"]]


def rates_are_those_of_the_place(world: World, number: int, invoice: Invoice) -> None:
    at = invoice.issued_at or invoice.created_at
    moves = [(move.at, move.place) for move in world.moves if move.customer == number and move.at <= at]
    before = [place for moved_at, place in moves if moved_at < at]
    # Whoever moves at the very instant is taxed here or there, by what was done first.
    places = {*before[-1:], *(place for moved_at, place in moves if moved_at == at)} | (set() if before else {"home"})
    is_later = at >= START + DEARER_AFTER
    possible = [PLACES[place].later if is_later else PLACES[place].rates for place in places]
    for line in invoice.lines:
        tax = line.derivation.get("tax") or {}
        if line.kind not in TAXABLE or not line.amount:
            continue
        rates = tuple((share["name"], share["percent"]) for share in tax["shares"])
        if line.kind == "unused_time" or "given_back" in line.derivation:
            known = {rate for place in PLACES.values() for rate in (*place.rates, *place.later)}
            assert known.issuperset(rates), f"{line} is given back with {rates}"
        else:
            assert rates in possible, f"{line} of {at} in {places} is taxed by {rates}"


def _shares(line: InvoiceLine) -> list[dict[str, Any]]:
    return list((line.derivation.get("tax") or {}).get("shares", ()))


def _rounded(exact: Fraction) -> int:
    """Make a number whole, a half away from zero."""
    whole, rest = divmod(abs(exact), 1)
    size = int(whole) + (rest * 2 >= 1)
    return -size if exact < 0 else size
