"""What a page says at its top once a form has done something; the address names the note by its key (`?done=`)."""

from __future__ import annotations

from billing_sdk.server.words import Phrase, phrase

NOTES: dict[str, Phrase] = {
    # The billing tab of an application.
    "enabled": phrase("Billing is enabled."),
    "disabled": phrase("Billing is disabled."),
    "switched": phrase("Billing goes on with another gateway."),
    "connected": phrase("The Stripe account is linked."),
    "not_connected": phrase("No Stripe account was linked."),
    "refreshed": phrase("Stripe was asked how the account stands."),
    "disconnected": phrase("The Stripe account is linked no more."),
    "fee": phrase("The fee is kept of every payment from now on."),
    # Of invoices.
    "issued": phrase("The invoice was issued."),
    "collected": phrase("The payment has gone through."),
    "payment_waits": phrase("The payment has begun. What becomes of it will be shown here."),
    "settled": phrase("The invoice counts as paid."),
    "written_off": phrase("The invoice was given up."),
    "voided": phrase("It is void."),
    "credited": phrase("A credit note was issued."),
    # Of customers.
    "moved": phrase("The test clock was moved."),
    # Of subscriptions.
    "ending": phrase("The subscription will end."),
    "cancelled": phrase("The subscription has ended."),
    "changed": phrase("The plan was changed."),
    "undone": phrase("Everything stays as it is."),
    "paused": phrase("The subscription is paused."),
    "resumed": phrase("The subscription goes on."),
    "coupon": phrase("The coupon counts from the next invoice on."),
    # Of credit and disputes.
    "granted": phrase("The credit was granted."),
    "decided": phrase("The dispute is decided."),
    # Of any page.
    "saved": phrase("Your changes were saved."),
    "created": phrase("It was created."),
    "archived": phrase("It was archived."),
    "deleted": phrase("It was deleted."),
    "added": phrase("It was added."),
    "shown_once": phrase(
        "The form was sent twice, and done once. What it has made was shown in answer to the first copy alone."
    ),
    # Of customers who leave.
    "cancellation_approved": phrase("The plan ends as the customer has asked."),
    "cancellation_refused": phrase("The plan goes on. The customer reads your answer in the portal."),
    # Of own pages.
    "own_page_saved": phrase("The draft was saved."),
    "own_page_live": phrase("Customers see the page from now on."),
    "own_page_reverted": phrase("The draft is what is live."),
    # Of the catalogue.
    "plan_published": phrase("The plan is for sale."),
    "plan_restored": phrase("The plan is back."),
    "version_live": phrase("New customers get this version from now on."),
    "version_made": phrase("The version is made. It is not for sale before you say so."),
    "pinged": phrase("A ping is on its way."),
    "replayed": phrase("It is sent again."),
    "revoked": phrase("It opens nothing any more."),
    "group_made": phrase("The group is there. Choose it for the plan."),
    # Of mail.
    "mail_reverted": phrase("The mail says its usual words again."),
    "mail_tested": phrase("A test was written to you."),
    "mail_on": phrase("This mail is written from now on."),
    "mail_off": phrase("This mail is not written any more."),
    "mail_queued": phrase("The mail is sent within a few seconds."),
}
