"""What things are found by: written where a thing is saved, and looked up by the beginnings of words."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, select

from billing_sdk.server.domain.catalog import Coupon, Feature, Plan
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.domain.identity import Application, Organization, User
from billing_sdk.server.domain.search import LONGEST_TERM, Terms, asked_words, terms_for
from billing_sdk.server.storage.tables.search import search_terms

NounKind = Literal["customer", "user", "organization", "plan", "feature", "coupon", "endpoint", "application"]
# After everything that begins with a word comes what begins with the word and this.
LAST = "\U0010ffff"
# How many terms that begin with a word are looked at for those that match the other words as well.
MOST_LOOKED_AT = 5_000


class Hit(NamedTuple):
    """A thing that was found.

    Attributes:
        noun_id: its id, code or key.
        rank: how good a hit it is, the smaller the better.
        is_whole: a whole term of it was asked for, not only a beginning.
    """

    kind: NounKind
    noun_id: str
    rank: int
    is_whole: bool


class SearchRepository:
    """Finds things by the words that they are filed under, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, text: str, limit: int) -> tuple[Hit, ...]:
        """Return what has a word for each word of a text that begins like it, the best first.

        Args:
            text: what somebody typed; none of it has a meaning beyond its letters.
            limit: how many at most.
        """
        words = self._rarest_first(asked_words(text))
        if not words:
            return ()
        best: dict[tuple[NounKind, str], Hit] = {}
        for row in self._connection.execute(_query(words, limit * 4)):
            hit = Hit(row.kind, row.noun_id, row.rank, row.term == words[0])
            known = best.get((hit.kind, hit.noun_id))
            if known is None or _order(hit) < _order(known):
                best[hit.kind, hit.noun_id] = hit
        return tuple(sorted(best.values(), key=_order)[:limit])

    def _rarest_first(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Put the word first that fewest terms begin with: a name that many share hides nobody."""
        if len(words) < 2:
            return words
        terms = {word: select(search_terms.c.term).where(_begins(word)).limit(MOST_LOOKED_AT) for word in words}
        count = select(*(select(func.count()).select_from(one.subquery()).scalar_subquery() for one in terms.values()))
        how_many = dict(zip(words, self._connection.execute(count).one(), strict=True))
        return tuple(sorted(words, key=how_many.__getitem__))


def file_user(connection: Connection, user: User) -> None:
    """File a person."""
    names = f"{user.given_name} {user.family_name}"
    _file(connection, "user", user.id, terms_for(keys=[user.provided_id], names=[names], emails=[user.email]))


def file_customer(connection: Connection, customer: Customer) -> None:
    """File a customer; what the person or organization is called, that one is filed under."""
    _file(connection, "customer", customer.id, terms_for(emails=[customer.billing_email]))


def file_organization(connection: Connection, organization: Organization) -> None:
    """File an organization."""
    keys = [organization.code, organization.handle, organization.external_id]
    _file(connection, "organization", organization.code, terms_for(keys=keys, names=[organization.name]))


def file_plan(connection: Connection, plan: Plan) -> None:
    """File a plan."""
    _file(connection, "plan", plan.key, terms_for(keys=[plan.key, plan.lookup_key], names=[plan.name]))


def file_feature(connection: Connection, feature: Feature) -> None:
    """File a feature."""
    _file(connection, "feature", feature.key, terms_for(keys=[feature.key], names=[feature.name]))


def file_coupon(connection: Connection, coupon: Coupon) -> None:
    """File a coupon."""
    _file(connection, "coupon", coupon.key, terms_for(keys=[coupon.key], names=[coupon.name]))


def file_endpoint(connection: Connection, endpoint: Endpoint) -> None:
    """File a webhook endpoint."""
    _file(connection, "endpoint", endpoint.id, terms_for(keys=[endpoint.url], names=[endpoint.name]))


def file_application(connection: Connection, application: Application) -> None:
    """File an application."""
    terms = terms_for(keys=[application.client_id], names=[application.name])
    _file(connection, "application", application.client_id, terms)


def forget(connection: Connection, kind: NounKind, noun_id: str) -> None:
    """Let a thing be found no more."""
    connection.execute(delete(search_terms).where(search_terms.c.kind == kind, search_terms.c.noun_id == noun_id))


def _file(connection: Connection, kind: NounKind, noun_id: str, terms: Terms) -> None:
    """Write what differs from what a thing is filed under; whoever writes the thing holds its row."""
    mine = and_(search_terms.c.kind == kind, search_terms.c.noun_id == noun_id)
    known = {row.term: row.rank for row in connection.execute(select(search_terms).where(mine))}
    gone = [term for term in known if known[term] != terms.get(term)]
    if gone:
        connection.execute(delete(search_terms).where(mine, search_terms.c.term.in_(gone)))
    new = [
        {"kind": kind, "noun_id": noun_id, "term": term, "rank": rank}
        for term, rank in terms.items()
        if known.get(term) != rank
    ]
    if new:
        connection.execute(insert(search_terms), new)


def _begins(word: str) -> ColumnElement[bool]:
    return and_(search_terms.c.term >= word, search_terms.c.term < word[:LONGEST_TERM] + LAST)


def _query(words: tuple[str, ...], limit: int) -> Select[tuple[NounKind, str, str, int]]:
    """Return the query of terms that begin with the first word, whose things have the others, too."""
    first = (
        select(search_terms)
        .where(_begins(words[0]))
        .order_by(search_terms.c.term, search_terms.c.kind, search_terms.c.noun_id)
        .limit(MOST_LOOKED_AT if words[1:] else limit)
        .subquery()
    )
    query = select(first.c.kind, first.c.noun_id, first.c.term, first.c.rank)
    for word in words[1:]:
        other = search_terms.alias()
        query = query.where(
            exists().where(
                other.c.kind == first.c.kind,
                other.c.noun_id == first.c.noun_id,
                other.c.term >= word,
                other.c.term < word + LAST,
            )
        )
    return query.limit(limit)


def _order(hit: Hit) -> tuple[bool, int, str, str]:
    return not hit.is_whole, hit.rank, hit.kind, hit.noun_id
