"""A mail: what is written to somebody on one occasion, and how it stands with sending it.

    queued ──take──► sending ──accept──► sent
       ▲                │──refuse──► failed
       └────postpone────┘──drop────► dropped

Where there is no server to hand mail to, it is `kept` for whoever looks into the mailbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from billing_sdk.errors import Conflict

MailKind = Literal[
    "receipt",
    "payment_failed",
    "trial_ending",
    "usage_alert",
    "invitation",
    "confirm_email",
    "email_changed",
    "set_password",
]
MailState = Literal["queued", "sending", "sent", "failed", "dropped", "kept"]
MailAct = Literal["take", "accept", "postpone", "refuse", "drop", "send_again"]

KINDS: tuple[MailKind, ...] = get_args(MailKind)
# Without these somebody is locked out of their account, so they are always written.
ALWAYS_WRITTEN: Final[frozenset[MailKind]] = frozenset({"set_password", "confirm_email"})
STATES: tuple[MailState, ...] = get_args(MailState)

TRANSITIONS: Mapping[tuple[MailState, MailAct], MailState] = {
    ("queued", "take"): "sending",
    ("sending", "take"): "sending",  # its lease has run out: whoever had taken it has died
    ("sending", "accept"): "sent",
    ("sending", "postpone"): "queued",
    ("sending", "refuse"): "failed",
    ("sending", "drop"): "dropped",
    ("kept", "send_again"): "queued",
    ("failed", "send_again"): "queued",
    ("dropped", "send_again"): "queued",
}

# How long after an attempt in vain the next one comes; together they last for two days, as mail servers do it among
# themselves (RFC 5321, section 4.5.4.1, asks for four to five days, which no news of a payment is good for).
MINUTE: Final = timedelta(minutes=1)
DELAYS: Final = (MINUTE, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE, 360 * MINUTE, 720 * MINUTE, 1_440 * MINUTE)


@dataclass(frozen=True, slots=True)
class MailContent:
    """What a mail says, as it was sent."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address; `id` starts with `mail_` and names the message for those who pass it on.

    Attributes:
        recipient: the address.
        language: that it is written in, where somebody has chosen one; otherwise its customer's.
        occasion: what it is about, such as `receipt/invoice_...`: of one occasion there is one mail.
        values: what stands in it, in JSON values.
        content: what was said, once it was sent; before that it is written anew whenever somebody looks.
        attempts: how often it was handed over since it was last put in the queue.
        next_attempt_at: when to hand it over next.
        lease: names the claim under which it is being sent.
        last_answer: what the mail server has said last, or why it could not be asked.
    """

    id: str
    kind: MailKind
    recipient: str
    state: MailState
    created_at: datetime
    next_attempt_at: datetime
    language: str | None = None
    customer_id: str | None = None
    occasion: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    content: MailContent | None = field(default=None, repr=False)
    attempts: int = 0
    sent_at: datetime | None = None
    lease: str | None = None
    last_answer: str = ""

    @property
    def may_be_sent_again(self) -> bool:
        """Whether somebody can have it put in the queue."""
        return (self.state, "send_again") in TRANSITIONS

    def after(self, act: MailAct) -> Mail:
        """Return the mail after something has been done with it.

        Raises:
            Conflict: that can't be done with it as it stands.
        """
        state = TRANSITIONS.get((self.state, act))
        if state is None:
            raise Conflict(f"mail {self.id} is {self.state}")
        return replace(self, state=state)

    def accepted(self, content: MailContent, answer: str, at: datetime) -> Mail:
        """Return the mail after a server has taken it over."""
        sent = replace(self.after("accept"), content=content, sent_at=at)
        return replace(sent, attempts=self.attempts + 1, last_answer=answer)

    def not_accepted(self, answer: str, at: datetime, *, is_final: bool) -> Mail:
        """Return the mail after an attempt in vain; it has failed where that is final, or was the last one."""
        tried = replace(self, attempts=self.attempts + 1, last_answer=answer)
        if is_final or self.attempts >= len(DELAYS):
            return tried.after("refuse")
        return replace(tried.after("postpone"), next_attempt_at=at + DELAYS[self.attempts])

    def dropped(self, why: str) -> Mail:
        """Return the mail as it is when it is not to be sent any more."""
        return replace(self.after("drop"), last_answer=why)

    def queued_again(self, at: datetime, *, has_server: bool) -> Mail:
        """Return the mail as it is with a whole new schedule; it is written anew.

        Raises:
            Conflict: it is in the queue, or was sent; or there is no server to send it by.
        """
        if not has_server:
            raise Conflict("there is no mail server", remedy="Set BILLING_SERVER_SMTP_URL.")
        return replace(self.after("send_again"), attempts=0, next_attempt_at=at, content=None)
