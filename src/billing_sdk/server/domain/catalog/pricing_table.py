"""Pricing tables: up to four plans of one group, as a visitor sees them.

Source: Kinde documentation, "Build a pricing table".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from billing_sdk.errors import DuplicateKey, InvalidRequest, MixedGroups, TooManyPlans, UnknownPlan, UnpricedPlan
from billing_sdk.server.domain.catalog.component import Entitlement, LicenceFee, Rate
from billing_sdk.server.domain.catalog.plan import Plan, PlanGroup

MAX_CARDS = 4
DEFAULT_LANGUAGE = "en"
LONGEST_TEXT = 500
TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CardContent:
    """What a card says about its plan, in one language; the price is always the plan's own."""

    display_name: str
    description: str = ""
    features_heading: str = ""
    features: tuple[str, ...] = ()
    highlight_label: str = ""
    call_to_action: str = "Choose"


@dataclass(frozen=True, slots=True)
class PricingCard:
    """One plan on a table.

    Attributes:
        content: in the table's own language.
        translations: the same by the tag of another language, such as `de` or `pt-BR`.
    """

    plan_key: str
    content: CardContent
    translations: Mapping[str, CardContent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PricingTable:
    """A table of plans; only a live one is shown, and the default one where a link names none.

    Attributes:
        name: what operators call it.
        is_default: it is shown to new customers of its group's scope; one table of each scope is.
        language: the tag of the language that its content is in.
        heading: what stands above it, if anything does.
        headings: the same by the tag of another language.
    """

    id: str
    key: str
    name: str
    group: PlanGroup
    cards: tuple[PricingCard, ...]
    is_live: bool = False
    is_default: bool = False
    language: str = DEFAULT_LANGUAGE
    heading: str = ""
    headings: Mapping[str, str] = field(default_factory=dict)

    def heading_in(self, languages: Sequence[str]) -> tuple[str, str]:
        """Return the heading in the first of some languages that it is in, or the table's own, with the tag."""
        tag = lookup(languages, (self.language, *self.headings)) or self.language
        return tag, self.headings.get(tag, self.heading)

    def content_in(self, card: PricingCard, languages: Sequence[str]) -> tuple[str, CardContent]:
        """Return what a card says in the first of some languages that it is in, or the table's own, with the tag."""
        tag = lookup(languages, (self.language, *card.translations)) or self.language
        return tag, card.translations.get(tag, card.content)


def lookup(wanted: Sequence[str], available: Sequence[str]) -> str | None:
    """Return the first language tag that fits a list of wanted ones, or None (RFC 4647, section 3.4).

    Args:
        wanted: tags in the order of preference; `de-AT` is also served by `de`.
        available: the tags that there are.
    """
    by_tag = {tag.lower(): tag for tag in reversed(available)}
    for tag in wanted:
        parts = tag.lower().split("-")
        while parts:
            found = by_tag.get("-".join(parts))
            if found is not None:
                return found
            parts.pop()
            if parts and len(parts[-1]) == 1:
                parts.pop()
    return None


def generated_cards(plans: Sequence[Plan]) -> tuple[PricingCard, ...]:
    """Return cards for the first four published plans of a group, with their names, descriptions and features.

    Args:
        plans: the plans of the group in their order; drafts, archived ones and add-ons are passed over.
    """
    shown = [plan for plan in plans if plan.status == "published" and plan.kind == "plan"]
    return tuple(
        PricingCard(plan.key, CardContent(plan.name, plan.description, features=_features(plan)))
        for plan in shown[:MAX_CARDS]
    )


def check_table(table: PricingTable, plans: Mapping[str, Plan], *, unchanged: frozenset[str] = frozenset()) -> None:
    """Let a table pass that may be kept.

    Args:
        table: what is to be kept.
        plans: the plans that its cards name, as far as there are such.
        unchanged: keys of plans that were on it before and may have been archived since.

    Raises:
        TooManyPlans: there are more than four cards.
        DuplicateKey: a plan is on it twice.
        UnknownPlan: a card names no published plan; add-ons are not chosen from tables.
        MixedGroups: a plan is of another group.
        UnpricedPlan: a plan has no price, not even one of zero.
        InvalidRequest: a text or a language tag is none.
    """
    if len(table.cards) > MAX_CARDS:
        raise TooManyPlans(f"{len(table.cards)} plans are on the table {table.key!r}, {MAX_CARDS} may be")
    keys = [card.plan_key for card in table.cards]
    if len(set(keys)) < len(keys):
        raise DuplicateKey(f"a plan is on the table {table.key!r} twice")
    _check_words(table)
    for key in keys:
        if key not in unchanged:
            _check_plan(table, plans.get(key), key)


def _check_plan(table: PricingTable, plan: Plan | None, key: str) -> None:
    if plan is None or plan.status != "published" or plan.kind != "plan":
        raise UnknownPlan(f"there is no published plan {key[:64]!r}", plan=key[:64])
    if plan.group.id != table.group.id:
        raise MixedGroups(f"{key!r} is of the group {plan.group.key!r}, the table of {table.group.key!r}")
    if not any(isinstance(part, LicenceFee | Rate) for part in plan.version.all_components):
        raise UnpricedPlan(f"the plan {key!r} has no price", plan=key)


def _check_words(table: PricingTable) -> None:
    contents = [("", card.content) for card in table.cards]
    contents += [(tag, content) for card in table.cards for tag, content in card.translations.items()]
    for tag in (table.language, *table.headings, *(tag for tag, _ in contents if tag)):
        if not TAG.fullmatch(tag):
            raise InvalidRequest(f"{tag[:35]!r} is no language tag such as 'en' or 'pt-BR'", parameter="language")
    texts = [table.heading, *table.headings.values()]
    for _, content in contents:
        if not content.display_name.strip() or not content.call_to_action.strip():
            raise InvalidRequest("a card needs a display name and a call to action", parameter="cards")
        texts += [content.display_name, content.description, content.features_heading, *content.features]
        texts += [content.highlight_label, content.call_to_action]
    if any(len(text) > LONGEST_TEXT or not text.isprintable() for text in texts):
        raise InvalidRequest(f"a text has more than {LONGEST_TEXT} characters, or unprintable ones", parameter="cards")


def _features(plan: Plan) -> tuple[str, ...]:
    return tuple(
        part.feature_name if part.limit_max is None else f"{part.limit_max:,} {part.feature_name}"
        for part in plan.version.of_kind(Entitlement)
    )
