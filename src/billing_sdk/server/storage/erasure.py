"""Erasing a person: what is known about somebody goes, wherever it stands; what was agreed and paid stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Text, cast, delete, or_, select, update

from billing_sdk.server.domain.identity import User
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.search import forget
from billing_sdk.server.storage.tables.billing import customers
from billing_sdk.server.storage.tables.cadences import payer_profiles
from billing_sdk.server.storage.tables.collection import past_parties
from billing_sdk.server.storage.tables.identity import invitations, users
from billing_sdk.server.storage.tables.mail import mails
from billing_sdk.server.storage.tables.outbox import events
from billing_sdk.server.storage.tables.portal import end_requests
from billing_sdk.server.storage.tables.visits import journeys

# What an event says of a person beyond the id.
PERSONAL = frozenset({"email", "first_name", "last_name", "username", "phone", "picture"})


class ErasureRepository:
    """Takes a person out of every table, in the transaction of its connection."""

    def __init__(self, connection: Connection, later: Later) -> None:
        self._connection = connection
        self._later = later

    def erase(self, user: User) -> None:
        """Forget a person, with memberships, sessions, passwords, links and half-finished journeys.

        Customers keep their rows, since invoices hang on them, with an address that leads nowhere. Events keep their
        order and what they say about money, and lose what they say about the person. Mail to the person goes.
        """
        self._later.flush()
        self._forget_mail(user)
        self._forget_past_names(user)
        self._forget_words(user)
        self._pseudonymise_customers(user)
        self._pseudonymise_events(user)
        self._connection.execute(delete(journeys).where(_mentions(journeys.c.parameters, user.email)))
        self._connection.execute(delete(invitations).where(invitations.c.email == user.email))
        self._connection.execute(delete(users).where(users.c.id == user.id))
        forget(self._connection, "user", user.id)

    def _pseudonymise_customers(self, user: User) -> None:
        theirs = or_(customers.c.user_id == user.id, customers.c.billing_email == user.email)
        for customer_id in self._connection.execute(select(customers.c.id).where(theirs)).scalars().all():
            nobody = f"{customer_id}@erased.invalid"  # RFC 2606, section 2: no mail ever arrives there
            mine = customers.c.id == customer_id
            self._connection.execute(update(customers).where(mine).values(billing_email=nobody))
            forget(self._connection, "customer", customer_id)
        # Where an organization is says nothing of a person; where a person is does.
        nowhere = dict.fromkeys(("region", "city", "postal_code"))
        own = update(customers).where(customers.c.user_id == user.id)
        self._connection.execute(own.values(**nowhere, address_lines=[], tax_ids=[]))
        of_theirs = select(customers.c.id).where(customers.c.user_id == user.id)
        payers = update(payer_profiles).where(payer_profiles.c.customer_id.in_(of_theirs))
        self._connection.execute(payers.values(name=None, metadata={}))

    def _forget_words(self, user: User) -> None:
        own = select(customers.c.id).where(customers.c.user_id == user.id)
        theirs = or_(end_requests.c.asked_by == user.id, end_requests.c.customer_id.in_(own))
        self._connection.execute(update(end_requests).where(theirs).values(comment="", answer=""))

    def _forget_past_names(self, user: User) -> None:
        own = select(customers.c.id).where(customers.c.user_id == user.id)
        self._connection.execute(delete(past_parties).where(past_parties.c.customer_id.in_(own)))
        theirs = past_parties.c.email == user.email
        self._connection.execute(update(past_parties).where(theirs).values(email=""))

    def _forget_mail(self, user: User) -> None:
        own = select(customers.c.id).where(customers.c.user_id == user.id)
        theirs = or_(mails.c.recipient == user.email, mails.c.customer_id.in_(own))
        self._connection.execute(delete(mails).where(theirs))

    def _pseudonymise_events(self, user: User) -> None:
        about = or_(_mentions(events.c.data, user.id), _mentions(events.c.data, user.email))
        for position, data in self._connection.execute(select(events.c.position, events.c.data).where(about)).all():
            mine = events.c.position == position
            self._connection.execute(update(events).where(mine).values(data=_without(data, user)))


def _mentions(column: Any, text: str) -> Any:
    written = json.dumps(text)[1:-1]  # as it stands in JSON, where only ASCII is plain
    return cast(column, Text).contains(written, autoescape=True)


def _without(value: Any, user: User) -> Any:
    if isinstance(value, Mapping):
        hidden = PERSONAL if value.get("id") == user.id else frozenset()
        return {name: None if name in hidden else _without(part, user) for name, part in value.items()}
    if isinstance(value, list):
        return [_without(part, user) for part in value]
    return None if value == user.email else value
