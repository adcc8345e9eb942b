"""What happened, and whom to tell.

It owns the event, the endpoint that wants to hear of it, the delivery that joins one of each, and the mail that is
written to a person. It does not own the list of event types, the schedule of attempts or how a delivery travels
(outbox), nor what a mail says (mail). An event's time is when the thing happened, that of a delivery or a mail when it
is to be tried next.
"""

from billing_sdk.server.domain.events.delivery import Delivery as Delivery, DeliveryStatus as DeliveryStatus
from billing_sdk.server.domain.events.endpoint import DisabledReason as DisabledReason, Endpoint as Endpoint
from billing_sdk.server.domain.events.event import Event as Event, EventForm as EventForm, EventSource as EventSource
from billing_sdk.server.domain.events.mail import (
    ALWAYS_WRITTEN as ALWAYS_WRITTEN,
    KINDS as KINDS,
    STATES as STATES,
    Mail as Mail,
    MailContent as MailContent,
    MailKind as MailKind,
    MailState as MailState,
)
from billing_sdk.server.domain.events.mail_template import MailTemplate as MailTemplate, fill as fill
from billing_sdk.server.domain.events.told import Told as Told
