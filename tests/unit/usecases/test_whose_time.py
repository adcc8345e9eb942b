"""Whose time it is: what is about one customer goes by the clock of that customer, or there is a reason."""

from __future__ import annotations

import re
from pathlib import Path

import billing_sdk.server

SERVER = Path(billing_sdk.server.__file__).parent
# Whoever looks at a customer knows whose time it is. The audit goes by real time whatever it is handed.
LOOKS_AT_CUSTOMERS = re.compile(r"\bcustomers\.(lock|get|find)|: Customer\b")
REAL_TIME = re.compile(r"engine\.now\(\)")

# Modules that look at customers and use real time, each with its reason.
REASONS = {
    "add_card": "when the form that a card was typed into was sent, which its copies are told by",
    "apply_method_event": "since when a payment method is gone, for the record",
    "bring_in_line": "for how long somebody else is expected to be asking",
    "cancel_meter_event": "an event of a subject that is nobody's",
    "checkout_session": "whether a page is still open, which goes by real time",
    "checkout_sessions": "how long a page is open, which goes by real time",
    "checkout_view": "whether a page is still open, which goes by real time",
    "complete_checkout": "whether a page is still open, and when its session was written down",
    "change_subscription": "when what this door keeps of it was written down",
    "customer_billing": "when what this door keeps of it was written down",
    "delete_account": "since when this door shows it as deleted",
    "known_subjects": "when what this door keeps of subjects was written down",
    "update_account": "when what this door keeps of it was written down",
    "become_customer": "the first instant of a customer on no clock",
    "begin_checkout": "how long a session of the processor lasts, which goes by real time",
    "bill_customer": "leases on charges",
    "collect_charge": "leases on charges",
    "confirm_payment": "leases on charges, and when somebody has answered a page of the processor",
    "count_active_users": "months of the workspace, which are the same for everybody",
    "delete_organization": "the organization itself, its tokens and its own event",
    "delete_user": "the person, the tokens and the event about the account",
    "finish_checkout": "the audit of what was kept",
    "issue_credit_note": "leases on refunds",
    "link_payer": "the audit of what was kept and dropped",
    "payment_intents": "leases on charges",
    "refund_unused": "leases on refunds",
    "stripe_customers": "the organization itself, and when what this door keeps of it was written down",
    "parties": "what suppliers were, who live in real time",
    "pay_back": "leases on refunds",
    "payment_methods": "the audit of what was kept and dropped",
    "seed_demo": "the catalogue and applications",
    "settle_journey": "the organization, which is nobody's customer yet",
    "trigger_event": "an example of nobody",
    "update_organization": "the organization itself and its own event",
    "update_user": "the person and the event about the account",
}


def test_what_is_about_a_customer_goes_by_the_customers_clock_or_has_a_reason():
    in_real_time = {
        path.stem
        for folder in ("usecases", "pages", "api")
        for path in (SERVER / folder).rglob("*.py")
        if LOOKS_AT_CUSTOMERS.search(text := path.read_text())
        and any(REAL_TIME.search(line) and "audit.record" not in line for line in text.splitlines())
    }

    assert in_real_time - REASONS.keys() == set()
    assert REASONS.keys() - in_real_time == set()
