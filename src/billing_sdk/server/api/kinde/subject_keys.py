"""Subject keys (extension): the names that usage events call customers by."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.metering import LONGEST_KEY
from billing_sdk.server.storage.subjects import SubjectKey
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.subject_keys import give_subject_key, take_subject_key
from billing_sdk.server.web.operations import Operations

router = Operations(
    prefix="/billing/customers/{customer_id}/subject_keys", tags=["Billing customers"], route_class=StrictRoute
)
READ = scoped("read:billing_customers", extension=True)
UPDATE = scoped("update:billing_customers", extension=True)

Id = Annotated[str, Path(min_length=1, max_length=64)]
Key = Annotated[str, Query(min_length=1, max_length=LONGEST_KEY, description="The key, as it was given.")]


class NewSubjectKey(Body):
    """A name that events go by; it may be whatever the application calls its customer."""

    key: str = Field(min_length=1, max_length=LONGEST_KEY)


class SubjectKeyView(BaseModel):
    """A name that events go by, and since when the customer has it."""

    key: str
    created_on: datetime

    @classmethod
    def of(cls, found: SubjectKey) -> SubjectKeyView:
        """Show a key."""
        return cls(key=found.key, created_on=found.created_at)


class SubjectKeyAnswer(Answer):
    """One key."""

    subject_key: SubjectKeyView


class SubjectKeyList(Answer):
    """All keys of a customer, in their order; there are a hundred at most."""

    subject_keys: list[SubjectKeyView]


@router.get("", **READ)
def list_subject_keys(engine: EngineOf, customer_id: Id) -> SubjectKeyList:
    """Return the keys that a customer goes by in usage events, beside its ids (extension)."""
    with engine.read() as tx:
        found = tx.subjects.keys_of(tx.customers.get(customer_id).id)
    return SubjectKeyList(subject_keys=[SubjectKeyView.of(one) for one in found])


@router.post("", response_model=SubjectKeyAnswer, **UPDATE)
def add_subject_key(caller: MachineOf, customer_id: Id, body: NewSubjectKey, once: OnlyOnce) -> Response:
    """Give a customer a key that usage events can name (extension).

    Events that were kept for it count from now on, and what was billed is adjusted.
    """

    def serve(engine: Engine) -> SubjectKeyAnswer:
        given = give_subject_key(engine, customer_id, body.key, actor=caller.client_id)
        return SubjectKeyAnswer(subject_key=SubjectKeyView.of(given))

    return once(serve, body)


@router.delete("", response_model=Answer, **UPDATE)
def remove_subject_key(caller: MachineOf, customer_id: Id, key: Key, once: OnlyOnce) -> Response:
    """Take a key away from a customer: what events have used by it counts for nobody any more (extension)."""

    def serve(engine: Engine) -> Answer:
        take_subject_key(engine, customer_id, key, actor=caller.client_id)
        return Answer()

    return once(serve)
