"""How events leave the server.

It owns the list of event types with their schemas, the form of a signed body, the schedule of attempts, which
addresses may be called, and the loop that sends. It does not own what is queued (storage) nor what an outcome
means (usecases). A letter's times are those of one attempt.
"""

from billing_sdk.server.outbox.bell import Bell as Bell
from billing_sdk.server.outbox.catalogue import EVENT_TYPES as EVENT_TYPES
from billing_sdk.server.outbox.dispatcher import Dispatcher as Dispatcher
from billing_sdk.server.outbox.event_type import EventType as EventType
from billing_sdk.server.outbox.letter import Answer as Answer, Letter as Letter
from billing_sdk.server.outbox.sender import Sender as Sender
