"""What happened, and whom to tell.

It owns the event, the endpoint that wants to hear of it, and the delivery that joins one of each. It does not own
the list of event types, the schedule of attempts or how a delivery travels (outbox). An event's time is when the
thing happened, a delivery's when it is to be tried next.
"""

from billing_sdk.server.domain.events.delivery import Delivery as Delivery, DeliveryStatus as DeliveryStatus
from billing_sdk.server.domain.events.endpoint import DisabledReason as DisabledReason, Endpoint as Endpoint
from billing_sdk.server.domain.events.event import Event as Event, EventForm as EventForm, EventSource as EventSource
from billing_sdk.server.domain.events.told import Told as Told
