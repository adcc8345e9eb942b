"""Webhooks on their way in: verified, claimed once, and settled when their handlers are done.

An event is claimed by its signed id before its handlers run, and confirmed after. If they fail it is released, and if
the process dies its lease runs out: either way the sender's next attempt is handled, so an event is never lost. The
snapshots of its customer are dropped before the handlers run, so that a gate decides on the new state at once.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from billing_sdk._operation import Flow
from billing_sdk.contrib._answers import RETRY_AFTER_SECONDS, Answer, problem
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._counts import Counts
from billing_sdk.contrib._visit import Visit
from billing_sdk.entitlements import HARMLESS_TYPES
from billing_sdk.errors import (
    BillingError,
    ConfigurationError,
    Conflict,
    MethodNotAllowed,
    PayloadTooLarge,
    ServerFault,
    Unreachable,
    UnsupportedMediaType,
)
from billing_sdk.events import Event
from billing_sdk.webhooks import LONGEST_BODY, SeenStore

LOG = logging.getLogger("billing_sdk.contrib")
BODY_TYPES: Final = ("application/jwt", "application/jose", "text/plain")
RETRY_LATER: Final = (("Retry-After", str(RETRY_AFTER_SECONDS)),)


class Receipt:
    """A verified event that this caller alone handles.

    Used as a context manager around the handlers it settles by itself: what they raise is logged, and answered so that
    the event is sent again.

    Attributes:
        attempt: how often the event was handed to handlers, this time included; one that stays poisonous goes up.
    """

    def __init__(self, event: Event, attempt: int, seen: SeenStore, counts: Counts) -> None:
        self.event = event
        self.attempt = attempt
        self.answer = Answer(200)
        self._seen = seen
        self._counts = counts

    def settle(self, *, is_handled: bool) -> None:
        """Record that the event was handled, or give it back."""
        try:
            if is_handled:
                self._seen.confirm(self.event.id)
            else:
                self._seen.release(self.event.id, self.attempt)
        except Unreachable:
            # The answer stands: whoever is told that it was handled does not send it again, and a lease ends by itself.
            LOG.exception("what became of the event %r can't be remembered", self.event.id)
        self._counts.note("webhook_handled" if is_handled else "webhook_failed")

    def __enter__(self) -> Receipt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.settle(is_handled=error is None)
        if not isinstance(error, Exception):
            return False
        LOG.error(
            "attempt %d at a handler of %r failed; the event %r is handled again when it is sent again",
            self.attempt,
            self.event.type,
            self.event.id,
            exc_info=error,
        )
        self.answer = refused(ServerFault("a handler of this event failed", remedy="Send the event again."))
        return True


class Receiver:
    """Takes webhooks in for one application.

    Args:
        application: whose client verifies, and whose snapshots are dropped.
        seen: where handled events are remembered.
    """

    def __init__(self, application: Application, seen: SeenStore) -> None:
        self._application = application
        self._seen = seen

    def receive(self, visit: Visit, body: bytes) -> Flow[Receipt | Answer]:
        """Return a receipt for an event that is to be handled now, or the answer to anything else."""
        if error := unreadable(visit):
            return refused(error)
        try:
            event = yield from self._application.client.webhooks.verify.flow(body)
        except BillingError as error:
            LOG.warning("webhook refused: %s", error.code)
            self._application.counts.note("webhook_refused")
            return refused(error)
        try:
            attempt = self._seen.claim(event.id)
            if not attempt:
                return self._claimed_before(event)
        except Unreachable as error:
            LOG.exception("an event can't be claimed; it is handled when it is sent again")
            return refused(error)
        self._application.snapshots.invalidate(event)
        if event.type not in HARMLESS_TYPES:
            self._application.client.usage.leases.doubt(event.user_id, event.org_code)
        return Receipt(event, attempt, self._seen, self._application.counts)

    def _claimed_before(self, event: Event) -> Answer:
        self._application.counts.note("webhook_repeated")
        if self._seen.is_confirmed(event.id):
            return Answer(200)
        return refused(Conflict("this event is being handled", remedy="Send it again later."))


def require_event(found: Event | None) -> Event:
    """Return the event that a middleware has verified.

    Raises:
        ConfigurationError: there is none, so that whatever was sent is unverified.
    """
    if found is None:
        raise ConfigurationError(
            "no webhook was verified for this route", remedy="Give WebhookMiddleware the path of this route."
        )
    return found


def unreadable(visit: Visit) -> BillingError | None:
    """Return what is wrong with a request before its body is looked at, or None."""
    kind = visit.header("content-type").partition(";")[0].strip().lower()
    if kind not in BODY_TYPES or visit.header("content-encoding") not in ("", "identity"):
        return UnsupportedMediaType("a webhook is an uncompressed JWT", remedy="Send application/jwt.")
    return None


def refused(error: BillingError) -> Answer:
    """Answer a webhook that was not handled; a sender that gets no 2xx sends it again."""
    answer = problem(error)
    later = RETRY_LATER if error.status in (409, 500, 503, 504) else ()
    return Answer(answer.status, (*answer.headers, *later), answer.body)


def too_large() -> Answer:
    """Answer a body that is longer than a webhook may be, without having read all of it."""
    return refused(PayloadTooLarge(f"a webhook has at most {LONGEST_BODY} bytes"))


def not_posted() -> Answer:
    """Answer whatever comes to the path of a webhook in another way than one comes."""
    answer = refused(MethodNotAllowed("a webhook is posted", remedy="Use POST."))
    return Answer(answer.status, (*answer.headers, ("Allow", "POST")), answer.body)
