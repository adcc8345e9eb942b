"""What the portal says has happened after a form was acted upon; the address of the page names it by its key only."""

from __future__ import annotations

from billing_sdk.server.words import Phrase, phrase

NOTES: dict[str, Phrase] = {
    "saved": phrase("Your changes were saved."),
    "card": phrase("The card was saved."),
    "card_chosen": phrase("This is charged from now on."),
    "card_removed": phrase("The payment method was removed."),
    "invited": phrase("The invitation was sent."),
    "invitation_withdrawn": phrase("The invitation was withdrawn."),
    "joined": phrase("You belong to the organization now."),
    "member_removed": phrase("The member was removed."),
    "password": phrase("Your password was changed. You were signed out everywhere else."),
    "email_asked": phrase(
        "We have sent a link to the new address. It becomes yours when you confirm it on the page of the link."
    ),
    "email_withdrawn": phrase("The address was withdrawn. Its link is of no use any more."),
    "password_asked": phrase("We have sent a link to your e-mail address. Open it to set a password."),
    "bought": phrase("The credit was bought. You can use it now."),
    "pending": phrase("The payment has begun. What becomes of it will be shown here."),
    "confirmed": phrase("The payment was confirmed and has gone through."),
    "paid": phrase("The invoice is paid."),
    "paid_all": phrase("What was due is paid."),
    "plan": phrase("Your plan has changed."),
    "planned": phrase("Your plan will change."),
    "add_on": phrase("Your add-ons have changed."),
    "seats": phrase("Your seats have changed."),
    "alteration_planned": phrase("The change is planned. It comes with the next period."),
    "cancelled": phrase("The plan was cancelled."),
    "ending": phrase("The plan will end."),
    "asked": phrase("Your request was sent. You will see here what was decided."),
    "withdrawn": phrase("Your request was withdrawn. The plan goes on."),
    "undone": phrase("Everything stays as it is."),
    "paused": phrase("The plan is paused."),
    "resumed": phrase("The plan goes on."),
}
