"""Drives one of Stripe's published clients, unmodified, over cadences, profiles and settings.

It runs in an environment of its own, where nothing of ours is; only the client's base addresses are others. It reads a
line of JSON with `base`, `key` and `version`, and prints what it has found as one line.
"""

from __future__ import annotations

import json
import sys

import stripe


def refusal(call):
    """Return the class, the code and the status of what a call raises."""
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.code, error.http_status]
    return None


def plain(found):
    """Return an object of the client, whichever version it is, as what its JSON says."""
    return json.loads(str(found)) if found else {}


def settings_of(billing):
    """Make both settings, a version of each, and read them back."""
    due = {"time_until_due": {"interval": "day", "interval_count": 14}}
    bill = billing.bill_settings.create({"display_name": "Net 14", "invoice": due})
    changed = billing.bill_settings.update(bill.id, {"calculation": {"tax": {"type": "manual"}}})
    live = billing.bill_settings.update(bill.id, {"live_version": "latest"})
    versions = [one.id for one in billing.bill_settings.versions.list(bill.id, {"limit": 1}).auto_paging_iter()]
    options = {"card": {"mandate_options": {"amount": 500, "amount_type": "maximum"}}}
    collection = billing.collection_settings.create(
        {"collection_method": "send_invoice", "payment_method_options": options}
    )
    first = billing.collection_settings.versions.retrieve(collection.id, collection.live_version)
    return (
        bill,
        collection,
        {
            "bill": [
                bill.invoice.time_until_due.interval_count,
                changed.live_version == bill.live_version != changed.latest_version,
                live.live_version == live.latest_version,
                versions == [changed.latest_version, bill.live_version],
            ],
            "collection": [
                collection.collection_method,
                str(collection.payment_method_options.card.mandate_options.amount),
                first.collection_method,
            ],
        },
    )


def run(task):
    """Make all of it, read it page by page, change it and end it."""
    client = stripe.StripeClient(task["key"], base_addresses={"api": task["base"]}, max_network_retries=0)
    v1, billing = getattr(client, "v1", client), client.v2.billing
    customer = v1.customers.create({"name": "Ada"}).id
    profile = billing.profiles.create({"customer": customer, "display_name": "Office", "metadata": {"a": "1"}})
    renamed = billing.profiles.update(profile.id, {"display_name": "Main office", "metadata": {"a": None}})
    keys = [f"{task['version']}-{number}" for number in range(3)]
    bill, collection, found = settings_of(billing)
    cycle = {
        "type": "month",
        "interval_count": 3,
        "month": {"day_of_month": 31, "month_of_year": 3, "time": {"hour": 9, "minute": 30, "second": 0}},
    }
    asked = {"payer": {"billing_profile": profile.id}, "billing_cycle": cycle, "include": ["settings_data"]}
    settings = {"bill": {"id": bill.id}, "collection": {"id": collection.id, "version": collection.live_version}}
    cadences = [billing.cadences.create({**asked, "settings": settings, "lookup_key": key}) for key in keys]
    newest = cadences[-1]
    payer = {"type": "customer", "customer": customer}
    listed = [one.id for one in billing.cadences.list({"payer": payer, "limit": 2}).auto_paging_iter()]
    by_key = [one.id for one in billing.cadences.list({"lookup_keys": keys[:2]}).data]
    retrieved = billing.cadences.retrieve(newest.id, {"include": ["settings_data", "invoice_discount_rules"]})
    updated = billing.cadences.update(newest.id, {"metadata": {"team": "blue"}})
    canceled = billing.cadences.cancel(newest.id)
    found["profile"] = [profile.status, renamed.display_name, plain(renamed.metadata)]
    found["cadence"] = [
        newest.object,
        newest.status,
        newest.payer.customer == customer,
        newest.billing_cycle.month.day_of_month,
        newest.billing_cycle.month.time.hour,
        newest.next_billing_date[5:],
        newest.settings.collection.version == collection.live_version,
        newest.settings.bill.version,
    ]
    found["data"] = [
        retrieved.settings_data.collection.collection_method,
        retrieved.settings_data.bill.invoice.time_until_due.interval_count,
        len(retrieved.invoice_discount_rules),
    ]
    found["lists"] = [listed == [one.id for one in cadences[::-1]], by_key == [cadences[1].id, cadences[0].id]]
    found["changed"] = [plain(updated.metadata), canceled.status, canceled.next_billing_date]
    nobody = {"payer": {"billing_profile": "bilp_test_nobody"}, "billing_cycle": {"type": "day"}}
    both = {"payer": payer, "lookup_keys": keys}
    month = {**cycle, "interval_count": 5}
    found["refused"] = [
        refusal(lambda: billing.cadences.create(nobody)),
        refusal(lambda: billing.cadences.create({**asked, "billing_cycle": month})),
        refusal(lambda: billing.cadences.list(both)),
        refusal(lambda: billing.cadences.retrieve("bc_test_nothing")),
        refusal(lambda: billing.cadences.cancel(newest.id)),
    ]
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))  # noqa: T201 - what it has to say
