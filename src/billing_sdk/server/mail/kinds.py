"""The kinds of mail: what each says, on what occasion, and what stands in it.

A message is the English sentence, with `%(name)s` where something stands. A paragraph that names something which is
not known in some mail is left out of it, so there are no sentences that end in nothing. Times whose name ends in `_on`
are written as days, those in `_at` to the minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from billing_sdk.money import Money
from billing_sdk.server.domain.events import MailKind
from billing_sdk.server.mail.account_kinds import CONFIRM_EMAIL, EMAIL_CHANGED, SET_PASSWORD
from billing_sdk.server.mail.mail_words import HELLO, MailWords
from billing_sdk.server.words import Phrase, phrase

RECEIPT = MailWords(
    kind="receipt",
    label=phrase("Receipt"),
    occasion=phrase("When an invoice is paid."),
    subject=phrase("Receipt for invoice %(number)s"),
    paragraphs=(
        HELLO,
        phrase("We have received %(amount)s for invoice %(number)s on %(paid_on)s. Thank you."),
        phrase("It was paid with %(method)s."),
        phrase("The invoice is attached to this message."),
    ),
    action=phrase("See the invoice"),
    places={
        "number": phrase("the number of the invoice"),
        "amount": phrase("what was paid"),
        "paid_on": phrase("the day of the payment"),
        "method": phrase("the card, or how else it was paid"),
    },
    sample={
        "number": "INV-2026-00042",
        "amount": Money(5_831, "EUR"),
        "paid_on": datetime(2026, 3, 5, tzinfo=UTC),
        "method": "Visa •••• 4242",
    },
)
PAYMENT_FAILED = MailWords(
    kind="payment_failed",
    label=phrase("Failed payment"),
    occasion=phrase("When an invoice could not be collected, each time that it was tried, or is overdue."),
    subject=phrase("Invoice %(number)s has not been paid"),
    paragraphs=(
        HELLO,
        phrase("Invoice %(number)s over %(amount)s has not been paid."),
        phrase("We could not charge %(method)s. %(reason)s"),
        phrase("We will try again on %(retry_on)s."),
        phrase("You can pay now on the page of the invoice, or choose another card in your account."),
        phrase("If it is not paid by %(closes_on)s, what your plan includes ends until it is."),
    ),
    action=phrase("See the invoice"),
    places={
        "number": phrase("the number of the invoice"),
        "amount": phrase("what is still to be paid"),
        "method": phrase("the card that was declined"),
        "reason": phrase("why it was declined"),
        "retry_on": phrase("the day of the next attempt"),
        "closes_on": phrase("the day on which access ends"),
    },
    sample={
        "number": "INV-2026-00042",
        "amount": Money(5_831, "EUR"),
        "method": "Visa •••• 0341",
        "decline_code": "insufficient_funds",
        "retry_on": datetime(2026, 3, 8, tzinfo=UTC),
        "closes_on": datetime(2026, 3, 19, tzinfo=UTC),
    },
)
TRIAL_ENDING = MailWords(
    kind="trial_ending",
    label=phrase("End of a trial"),
    occasion=phrase("Some days before a trial ends."),
    subject=phrase("Your trial of %(plan)s ends on %(ends_on)s"),
    paragraphs=(
        HELLO,
        phrase("Your trial of %(plan)s ends on %(ends_on)s."),
        phrase(
            "If you want to go on, make sure that there is a payment method in your account. If you do not, cancel"
            " before that day, and nothing is charged."
        ),
    ),
    action=phrase("Open %(application)s"),
    places={"plan": phrase("the name of the plan"), "ends_on": phrase("the last day of the trial")},
    sample={"plan": "Pro", "ends_on": datetime(2026, 3, 5, tzinfo=UTC)},
)
USAGE_ALERT = MailWords(
    kind="usage_alert",
    label=phrase("Usage alert"),
    occasion=phrase("When usage reaches a threshold, once in each period."),
    subject=phrase("%(feature)s: %(threshold)s used"),
    paragraphs=(
        HELLO,
        phrase("Your use of %(feature)s in this period is %(used)s."),
        phrase("Your plan includes %(limit)s."),
        phrase("The count begins anew on %(resets_on)s."),
    ),
    action=phrase("Open %(application)s"),
    places={
        "feature": phrase("the name of the feature"),
        "threshold": phrase("the threshold that was reached"),
        "used": phrase("how much was used"),
        "limit": phrase("how much is included"),
        "resets_on": phrase("the day on which the next period begins"),
    },
    sample={
        "feature": "API calls",
        "threshold": "80%",
        "used": Decimal(8_000),
        "limit": Decimal(10_000),
        "resets_on": datetime(2026, 4, 1, tzinfo=UTC),
    },
)
INVITATION = MailWords(
    kind="invitation",
    label=phrase("Invitation"),
    occasion=phrase("When somebody is invited to an organization."),
    subject=phrase("%(inviter)s invites you to %(organization)s"),
    paragraphs=(
        phrase("%(inviter)s invites you to join %(organization)s."),
        phrase("The link is for you alone, and holds until %(expires_at)s."),
        phrase("If you do not know what this is about, you can ignore this message."),
    ),
    action=phrase("Accept the invitation"),
    places={
        "organization": phrase("the name of the organization"),
        "inviter": phrase("who invites"),
        "expires_at": phrase("until when the link holds"),
    },
    sample={
        "organization": "Acme GmbH",
        "inviter": "Ada Lovelace",
        "url": "https://billing.example.com/invitation",
        "expires_at": datetime(2026, 3, 12, 9, 30, tzinfo=UTC),
    },
    without=phrase("While it is off, nobody who is invited gets a link, and so nobody can join an organization."),
)

WORDS: Final[Mapping[MailKind, MailWords]] = {
    one.kind: one
    for one in (
        RECEIPT,
        PAYMENT_FAILED,
        TRIAL_ENDING,
        USAGE_ALERT,
        INVITATION,
        CONFIRM_EMAIL,
        EMAIL_CHANGED,
        SET_PASSWORD,
    )
}
SAMPLE_CUSTOMER: Final = "Grace Hopper"

# What a bank says when it declines, in words that help.
REASONS: Final[Mapping[str, Phrase]] = {
    "expired_card": phrase("The card has expired."),
    "insufficient_funds": phrase("There is not enough money on it."),
    "incorrect_cvc": phrase("Its security code is wrong."),
    "processing_error": phrase("The bank could not be reached."),
    "authentication_required": phrase("The bank wants you to confirm the payment."),
}
REASON_UNKNOWN: Final = phrase("The bank did not say why.")


def reason_of(decline_code: str) -> Phrase:
    """Return why a payment was declined, for whoever has to do something about it."""
    return REASONS.get(decline_code, REASON_UNKNOWN)
