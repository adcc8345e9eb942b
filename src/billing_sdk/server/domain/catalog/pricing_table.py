"""Pricing tables: up to four offers of one group, as a visitor sees them; an offer can be had at several cadences.

Source: Kinde documentation, "Build a pricing table".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from billing_sdk.errors import DuplicateKey, InvalidRequest, MixedGroups, TooManyPlans, UnknownPlan, UnpricedPlan
from billing_sdk.server.domain.catalog.component import LicenceFee, Rate
from billing_sdk.server.domain.catalog.plan import Plan, PlanGroup
from billing_sdk.server.domain.periods import Cadence

MAX_CARDS = 4
MAX_CADENCES = 4
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
    """One offer on a table.

    Attributes:
        plan_key: the plan that it is.
        content: in the table's own language.
        translations: the same by the tag of another language, such as `de` or `pt-BR`.
        other_plan_keys: the plans that are the same offer at other cadences, such as the one that is paid yearly.
    """

    plan_key: str
    content: CardContent
    translations: Mapping[str, CardContent] = field(default_factory=dict)
    other_plan_keys: tuple[str, ...] = ()

    @property
    def plan_keys(self) -> tuple[str, ...]:
        """Every plan that can be chosen with it."""
        return (self.plan_key, *self.other_plan_keys)


@dataclass(frozen=True, slots=True)
class PricingTable:
    """A table of plans; only a live one is shown, and the default one where a link names none.

    Attributes:
        name: what operators call it.
        is_default: it is shown to new customers of its group's scope; one table of each scope is.
        language: the tag of the language that its content is in.
        heading: what stands above it, if anything does.
        headings: the same by the tag of another language.
        default_cadence: which one is shown first where an offer can be had at several; None is that of the first plan.
        has_comparison: the features of the plans stand beside each other below the cards.
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
    default_cadence: Cadence | None = None
    has_comparison: bool = True

    @property
    def plan_keys(self) -> tuple[str, ...]:
        """Every plan that can be chosen from it."""
        return tuple(key for card in self.cards for key in card.plan_keys)

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags of all languages that something of it is in, its own first."""
        others = {tag for card in self.cards for tag in card.translations} | set(self.headings)
        return (self.language, *sorted(others - {self.language}))

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


def check_table(table: PricingTable, plans: Mapping[str, Plan], *, unchanged: frozenset[str] = frozenset()) -> None:
    """Let a table pass that may be kept.

    Args:
        table: what is to be kept.
        plans: the plans that its cards name, as far as there are such.
        unchanged: keys of plans that were on it before and may have been archived since.

    Raises:
        TooManyPlans: there are more than four cards.
        DuplicateKey: a plan is on it twice.
        InvalidRequest: two plans of one card are paid equally often, or there are more than four.
        UnknownPlan: a card names no published plan; add-ons are not chosen from tables.
        MixedGroups: a plan is of another group.
        UnpricedPlan: a plan has no price, not even one of zero.
        InvalidRequest: a text or a language tag is none.
    """
    if len(table.cards) > MAX_CARDS:
        raise TooManyPlans(f"{len(table.cards)} plans are on the table {table.key!r}, {MAX_CARDS} may be")
    keys = table.plan_keys
    if len(set(keys)) < len(keys):
        raise DuplicateKey(f"a plan is on the table {table.key!r} twice")
    _check_words(table)
    for key in keys:
        if key not in unchanged:
            _check_plan(table, plans.get(key), key)
    for card in table.cards:
        _check_cadences(card, [plans[key].version.cadence for key in card.plan_keys if key in plans])


def _check_plan(table: PricingTable, plan: Plan | None, key: str) -> None:
    if plan is None or plan.status != "published" or plan.kind != "plan":
        raise UnknownPlan(f"there is no published plan {key[:64]!r}", plan=key[:64])
    if plan.group.id != table.group.id:
        raise MixedGroups(f"{key!r} is of the group {plan.group.key!r}, the table of {table.group.key!r}")
    if not any(isinstance(part, LicenceFee | Rate) for part in plan.version.all_components):
        raise UnpricedPlan(f"the plan {key!r} has no price", plan=key)


def _check_cadences(card: PricingCard, cadences: Sequence[Cadence]) -> None:
    if len(card.plan_keys) > MAX_CADENCES:
        raise InvalidRequest(f"a card has at most {MAX_CADENCES} cadences", parameter="cards")
    if len(set(cadences)) < len(cadences):
        raise InvalidRequest(
            f"the plans of the card {card.plan_key!r} are not all paid at different cadences", parameter="cards"
        )


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
