"""Components, phases and trials as JSON, for requests and for storage: one strict reading, one spelling.

What can't be read is refused with the path of the member, such as `components[2].limit_max`. Prices are read by
`rating`; see `terms_from_document`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, assert_never

from billing_sdk.errors import InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog.component import (
    Component,
    CreditGrant,
    CurrencyTerms,
    Entitlement,
    LicenceFee,
    Rate,
)
from billing_sdk.server.domain.catalog.usage_threshold import thresholds_from
from billing_sdk.server.domain.catalog.version import Phase, Trial
from billing_sdk.server.domain.periods import Alignment, Cadence
from billing_sdk.server.domain.rating import document_of, terms_from_document

Document = Mapping[str, Any]
LARGEST_NUMBER = 2**53

MEMBERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "licence_fee": (
        frozenset({"key", "name", "currency", "terms"}),
        frozenset({"id", "line_description", "service", "other_currencies", "tax_code", "tax_behavior", "charged"}),
    ),
    "rate": (
        frozenset({"feature_key", "name", "currency", "terms"}),
        frozenset({"id", "line_description", "service", "other_currencies", "tax_code", "tax_behavior"}),
    ),
    "credit_grant": (
        frozenset({"key", "name", "amount"}),
        frozenset({"id", "service", "expires_with_interval", "applies_to", "category", "priority", "other_currencies"}),
    ),
    "entitlement": (
        frozenset({"feature_key", "feature_name"}),
        frozenset({"id", "limit_max", "limit_min", "value", "is_soft", "keeps_overage", "thresholds"})
        | {"usage_cadence", "usage_alignment"},
    ),
}


def component_from_document(document: object, *, path: str = "component", new_id: str | None = None) -> Component:
    """Read a component.

    Args:
        document: its `kind` and the members of that kind.
        path: where it stands, for messages.
        new_id: the id that it gets, whatever its document says; None takes that of the document.

    Raises:
        InvalidRequest: something is missing, unknown or of the wrong type; the fact `parameter` is its path.
        InvalidPrice, InvalidTiers, InvalidAmount, InvalidCadence: what a member says can't be.
    """
    found = _object(document, path)
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in MEMBERS:
        raise _fault(f"{path}.kind", f"is none of {', '.join(MEMBERS)}")
    required, optional = MEMBERS[kind]
    reader = _Reader(_members(found, path, required | {"kind"}, optional), path)
    component_id = new_id or reader.text("id")
    match kind:
        case "licence_fee":
            timing: Any = reader.text("charged", "in_advance")
            return LicenceFee(component_id, reader.text("key"), **reader.priced(), charged=timing)
        case "rate":
            return Rate(component_id, reader.text("feature_key"), **reader.priced())
        case "credit_grant":
            return CreditGrant(
                component_id,
                reader.text("key"),
                reader.text("name"),
                reader.money("amount", found["amount"]),
                service=reader.service(),
                expires_with_interval=reader.flag("expires_with_interval", usual=True),
                applies_to=tuple(reader.texts("applies_to")),
                category=reader.text("category", "promotional"),
                priority=reader.whole("priority") if "priority" in found else 50,
                other_currencies=tuple(reader.each("other_currencies", reader.money)),
            )
        case _:
            return Entitlement(
                component_id,
                reader.text("feature_key"),
                reader.text("feature_name"),
                limit_max=reader.whole_or_none("limit_max"),
                limit_min=reader.whole_or_none("limit_min"),
                value=reader.text_or_none("value"),
                is_soft=reader.flag("is_soft", usual=False),
                usage_cadence=reader.cadence("usage_cadence"),
                usage_alignment=reader.alignment("usage_alignment"),
                keeps_overage=reader.flag("keeps_overage", usual=False),
                thresholds=thresholds_from([*reader.texts("thresholds")]),
            )


def document_of_component(component: Component) -> dict[str, Any]:
    """Return a component as JSON-ready objects, lists and texts; reading it back gives an equal one."""
    match component:
        case LicenceFee():
            timed = {} if component.charged == "in_advance" else {"charged": component.charged}
            return {"kind": "licence_fee", "id": component.id, "key": component.key, **_priced(component), **timed}
        case Rate():
            return {"kind": "rate", "id": component.id, "feature_key": component.feature_key, **_priced(component)}
        case CreditGrant():
            return {
                "kind": "credit_grant",
                "id": component.id,
                "key": component.key,
                "name": component.name,
                "amount": asdict(component.amount),
                "service": _service(component.service),
                "expires_with_interval": component.expires_with_interval,
                "applies_to": list(component.applies_to),
                "category": component.category,
                "priority": component.priority,
                "other_currencies": [asdict(amount) for amount in component.other_currencies],
            }
        case Entitlement():
            return {"kind": "entitlement", **_entitled(component)}
        case _:
            assert_never(component)


def phase_from_document(document: object, *, path: str = "phase", new_id: Callable[[], str] | None = None) -> Phase:
    """Read an opening phase.

    Args:
        document: its members.
        path: where it stands, for messages.
        new_id: makes the id of a component; None takes those of the documents.

    Raises:
        InvalidRequest, InvalidPrice, InvalidTiers, InvalidAmount, InvalidCadence: as `component_from_document`.
    """
    found = _members(_object(document, path), path, frozenset({"key", "name", "periods", "components"}), frozenset())
    reader = _Reader(found, path)
    components = reader.each(
        "components",
        lambda member, part: component_from_document(part, path=f"{path}.{member}", new_id=new_id and new_id()),
    )
    return Phase(reader.text("key"), reader.text("name"), reader.whole("periods"), tuple(components))


def document_of_phase(phase: Phase) -> dict[str, Any]:
    """Return an opening phase as JSON-ready objects, lists and texts."""
    components = [document_of_component(component) for component in phase.components]
    return {"key": phase.key, "name": phase.name, "periods": phase.periods, "components": components}


def trial_from_document(document: object, *, path: str = "trial") -> Trial:
    """Read a trial; what it leaves out is 30 days, a payment method, and a reminder three days before the end.

    Raises:
        InvalidRequest: something is unknown or of the wrong type.
    """
    optional = frozenset({"days", "requires_payment_method", "remind_days_before"})
    found = _members(_object(document, path), path, frozenset(), optional)
    reader = _Reader(found, path)
    usual = Trial()
    return Trial(
        days=reader.whole("days") if "days" in found else usual.days,
        requires_payment_method=reader.flag("requires_payment_method", usual=usual.requires_payment_method),
        remind_days_before=reader.whole("remind_days_before")
        if "remind_days_before" in found
        else usual.remind_days_before,
    )


def document_of_trial(trial: Trial) -> dict[str, Any]:
    """Return a trial as a JSON-ready object."""
    return asdict(trial)


class _Reader:
    """Reads the members of one object, and names the path of what can't be read."""

    def __init__(self, found: Document, path: str) -> None:
        self._found = found
        self._path = path

    def text(self, member: str, usual: str | None = None) -> str:
        value = self._found.get(member, usual)
        if isinstance(value, str) and (value or usual == ""):
            return value
        raise _fault(f"{self._path}.{member}", "is no text, or an empty one")

    def text_or_none(self, member: str) -> str | None:
        return None if self._found.get(member) is None else self.text(member)

    def texts(self, member: str) -> Iterable[str]:
        return self.each(member, lambda place, value: _Reader({place: value}, self._path).text(place))

    def whole(self, member: str) -> int:
        value = self._found.get(member)
        if type(value) is int and abs(value) < LARGEST_NUMBER:
            return value
        raise _fault(f"{self._path}.{member}", "is no whole number")

    def whole_or_none(self, member: str) -> int | None:
        return None if self._found.get(member) is None else self.whole(member)

    def flag(self, member: str, *, usual: bool) -> bool:
        value = self._found.get(member, usual)
        if isinstance(value, bool):
            return value
        raise _fault(f"{self._path}.{member}", "is neither true nor false")

    def service(self) -> Cadence | None:
        return self.cadence("service")

    def cadence(self, member: str) -> Cadence | None:
        return None if self._found.get(member) is None else Cadence.from_text(self.text(member))

    def alignment(self, member: str) -> Alignment:
        match self._found.get(member, "anniversary"):
            case "anniversary":
                return "anniversary"
            case "calendar":
                return "calendar"
        raise _fault(f"{self._path}.{member}", "is neither anniversary nor calendar")

    def money(self, member: str, value: object) -> Money:
        path = f"{self._path}.{member}"
        found = _members(_object(value, path), path, frozenset({"minor", "currency"}), frozenset())
        reader = _Reader(found, path)
        return Money(reader.whole("minor"), reader.text("currency"))

    def each(self, member: str, read: Callable[[str, Any], Any]) -> Iterable[Any]:
        values = self._found.get(member, ())
        if not isinstance(values, list | tuple):
            raise _fault(f"{self._path}.{member}", "is no list")
        return [read(f"{member}[{place}]", value) for place, value in enumerate(values)]

    def priced(self) -> dict[str, Any]:
        return {
            "name": self.text("name"),
            "currency": self.text("currency"),
            "terms": terms_from_document(self._found["terms"], path=f"{self._path}.terms"),
            "line_description": self.text("line_description", ""),
            "service": self.service(),
            "other_currencies": tuple(self.each("other_currencies", self._currency_terms)),
            "tax_code": self.text_or_none("tax_code"),
            "tax_behavior": self.text_or_none("tax_behavior"),
        }

    def _currency_terms(self, member: str, value: object) -> CurrencyTerms:
        path = f"{self._path}.{member}"
        found = _members(_object(value, path), path, frozenset({"currency", "terms"}), frozenset())
        return _Reader(found, path).text("currency"), terms_from_document(found["terms"], path=f"{path}.terms")


def _entitled(entitlement: Entitlement) -> dict[str, Any]:
    """Return what an entitlement says; what is as usual is left out beyond the limits."""
    said: dict[str, Any] = {
        "value": entitlement.value,
        "is_soft": entitlement.is_soft,
        "usage_cadence": _service(entitlement.usage_cadence),
        "usage_alignment": entitlement.usage_alignment if entitlement.usage_cadence else None,
        "keeps_overage": entitlement.keeps_overage,
        "thresholds": [str(threshold) for threshold in entitlement.thresholds],
    }
    return {
        "id": entitlement.id,
        "feature_key": entitlement.feature_key,
        "feature_name": entitlement.feature_name,
        "limit_max": entitlement.limit_max,
        "limit_min": entitlement.limit_min,
        **{name: value for name, value in said.items() if value},
    }


def _priced(component: LicenceFee | Rate) -> dict[str, Any]:
    return {
        "name": component.name,
        "currency": component.currency,
        "terms": document_of(component.terms),
        "line_description": component.line_description,
        "service": _service(component.service),
        "other_currencies": [
            {"currency": currency, "terms": document_of(terms)} for currency, terms in component.other_currencies
        ],
        **tax_members(component.tax_code, component.tax_behavior),
    }


def tax_members(code: str | None, behavior: str | None) -> dict[str, str]:
    """Return what is said of tax, as members of a document; nothing where the billing profile decides."""
    members = {"tax_code": code, "tax_behavior": behavior}
    return {name: value for name, value in members.items() if value is not None}


def _service(service: Cadence | None) -> str | None:
    return None if service is None else str(service)


def _object(value: object, path: str) -> Document:
    if isinstance(value, Mapping):
        return value
    raise _fault(path, "is no object")


def _members(found: Document, path: str, required: frozenset[str], optional: frozenset[str]) -> Document:
    for name in sorted(required - found.keys()):
        raise _fault(f"{path}.{name}", "is missing")
    for name in sorted(str(key) for key in found.keys() - required - optional):
        raise _fault(f"{path}.{name[:64]}", "is unknown here")
    return found


def _fault(path: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{path} {problem}", parameter=path)
