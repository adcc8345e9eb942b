"""Pricing tables: plans of one group as a visitor sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.errors import InvalidRequest
from billing_sdk.models import CardContent, PricingCard, PricingTable
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/pricing_tables"
TABLE = one("pricing_table", PricingTable.read)


class PricingTables(Resource[C]):
    """Pricing tables; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[PricingTable, ...]]:
        """Return every table (extension)."""
        return every(PATH, "pricing_tables", PricingTable.read)

    @operation
    def get(self, code: str) -> Call[PricingTable]:
        """Return one table (extension).

        Raises:
            UnknownPricingTable: there is none with this code.
        """
        return Call("GET", f"{PATH}/{segment('code', code)}", TABLE, credential="machine")

    @operation
    def create(
        self,
        *,
        code: str,
        group_code: str,
        name: str | None = None,
        cards: Sequence[PricingCard | Mapping[str, Any]] | None = None,
        is_live: bool | None = None,
        is_default: bool | None = None,
        language: str | None = None,
        heading: str | None = None,
        headings: Mapping[str, str] | None = None,
        default_cadence: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[PricingTable]:
        """Make a table (extension); without cards it is generated, with an empty list of them it is blank.

        Args:
            code: what links call it.
            group_code: key of the group whose plans it shows.
            name: what operators call it.
            cards: the plans in their order, at most four; each a `PricingCard`, or a mapping of the same members.
            is_live: whether visitors can see it.
            is_default: whether it is shown where a link names none.
            language: the tag of the language that its content is in.
            heading: what stands above it.
            headings: the same by the tag of another language.
            default_cadence: shown first where offers can be had at several, such as `year`.
            idempotency_key: makes the call safe to repeat.

        Raises:
            DuplicateKey: the code is taken, or a plan is on the table twice.
            TooManyPlans: there are more than four cards.
            MixedGroups: a plan is of another group.
            UnpricedPlan: a plan has no price, not even one of zero.
            UnknownPlanGroup, UnknownPlan: there is no such group, or no such published plan.
        """
        body = {"code": code, "group_code": group_code}
        body |= _content(name, cards, is_live, is_default, language, heading, headings, default_cadence)
        return Call("POST", PATH, TABLE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        code: str,
        *,
        name: str | None = None,
        cards: Sequence[PricingCard | Mapping[str, Any]] | None = None,
        is_live: bool | None = None,
        is_default: bool | None = None,
        language: str | None = None,
        heading: str | None = None,
        headings: Mapping[str, str] | None = None,
        default_cadence: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[PricingTable]:
        """Change what is given and leave the rest; a table keeps its group (extension).

        The arguments and errors are those of `create`.

        Raises:
            UnknownPricingTable: there is none with this code.
        """
        body = _content(name, cards, is_live, is_default, language, heading, headings, default_cadence)
        path = f"{PATH}/{segment('code', code)}"
        return Call("PATCH", path, TABLE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def delete(self, code: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Delete a table with everything that was written for it; its plans stay as they are (extension).

        Raises:
            UnknownPricingTable: there is none with this code.
        """
        path = f"{PATH}/{segment('code', code)}"
        return Call("DELETE", path, done, credential="machine", idempotency_key=idempotency_key)


def _content(
    name: str | None,
    cards: Sequence[PricingCard | Mapping[str, Any]] | None,
    is_live: bool | None,
    is_default: bool | None,
    language: str | None,
    heading: str | None,
    headings: Mapping[str, str] | None,
    default_cadence: str | None,
) -> dict[str, Any]:
    return given(
        name=name,
        cards=None if cards is None else [_card(card) for card in cards],
        is_live=is_live,
        is_default=is_default,
        language=language,
        heading=heading,
        headings=None if headings is None else dict(headings),
        default_cadence=default_cadence,
    )


def _card(card: PricingCard | Mapping[str, Any]) -> dict[str, Any]:
    members = dict(card) if isinstance(card, Mapping) else _members(card, PricingCard)
    if "content" in members:
        members["content"] = _text(members["content"])
    if "other_plan_codes" in members:
        members["other_plan_codes"] = [*members["other_plan_codes"]]
    if isinstance(members.get("translations"), Mapping):
        members["translations"] = {tag: _text(content) for tag, content in members["translations"].items()}
    return members


def _text(content: CardContent | Mapping[str, Any]) -> dict[str, Any]:
    text = dict(content) if isinstance(content, Mapping) else _members(content, CardContent)
    if "features" in text:
        text["features"] = [*text["features"]]
    return {name: value for name, value in text.items() if value}


def _members(value: PricingCard | CardContent, class_: type) -> dict[str, Any]:
    if not isinstance(value, class_):
        raise InvalidRequest(
            f"a card is a PricingCard or a mapping, and its content a CardContent or one: {value!r:.80}",
            parameter="cards",
        )
    return {one.name: getattr(value, one.name) for one in fields(value)}
