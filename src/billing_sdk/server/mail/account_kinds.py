"""The kinds of mail about accounts: to prove that an address is one's own, and to hear that it was changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from billing_sdk.server.mail.mail_words import HELLO, MailWords
from billing_sdk.server.words import phrase

NOT_YOURS: Final = phrase("If you have not asked for this, you can ignore this message: nothing changes.")
HOLDS: Final = phrase("The link works once, and holds until %(expires_at)s.")
EXPIRES: Final = phrase("until when the link holds")
LINK: Final = "https://billing.example.com/account_link"

CONFIRM_EMAIL: Final = MailWords(
    kind="confirm_email",
    label=phrase("Confirmation of an e-mail address"),
    occasion=phrase("When somebody wants to sign in with another e-mail address; it goes to that address."),
    subject=phrase("Confirm your e-mail address"),
    paragraphs=(
        HELLO,
        phrase("The account at %(application)s is to get the e-mail address %(email)s. Confirm that it is yours."),
        HOLDS,
        NOT_YOURS,
    ),
    action=phrase("Confirm the e-mail address"),
    places={"email": phrase("the new e-mail address"), "expires_at": EXPIRES},
    sample={"email": "grace@example.com", "url": LINK, "expires_at": datetime(2026, 3, 12, 9, 30, tzinfo=UTC)},
)
EMAIL_CHANGED: Final = MailWords(
    kind="email_changed",
    label=phrase("Changed e-mail address"),
    occasion=phrase("When somebody has another e-mail address; it goes to the address before."),
    subject=phrase("Your e-mail address was changed"),
    paragraphs=(
        HELLO,
        phrase("The account at %(application)s has the e-mail address %(email)s since %(changed_at)s."),
        phrase("You sign in with that address from now on, and this one gets no more mail about the account."),
        phrase("If that was not you, tell %(seller)s at once."),
    ),
    action=phrase("Open %(application)s"),
    places={
        "email": phrase("the new e-mail address"),
        "changed_at": phrase("when it was confirmed"),
    },
    sample={"email": "grace@example.com", "changed_at": datetime(2026, 3, 11, 9, 30, tzinfo=UTC)},
)
SET_PASSWORD: Final = MailWords(
    kind="set_password",
    label=phrase("Link to set a password"),
    occasion=phrase("When somebody has forgotten the password, or has none yet."),
    subject=phrase("Set your password"),
    paragraphs=(
        HELLO,
        phrase("You can choose a password for your account at %(application)s."),
        HOLDS,
        NOT_YOURS,
    ),
    action=phrase("Set a password"),
    places={"expires_at": EXPIRES},
    sample={"url": LINK, "expires_at": datetime(2026, 3, 11, 10, 30, tzinfo=UTC)},
)
