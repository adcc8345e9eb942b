"""Every change that the extensions make: once for a key, and in the audit under the name of the machine."""

from __future__ import annotations

from itertools import count

import pytest

from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.api.operations import EVENTS
from tests.contract.using import used
from tests.engines import card, payer
from tests.metering import event

pytestmark = pytest.mark.attack(125, 136)

FLAT = {"price": {"model": "flat", "amount": "0"}}
PER_SEAT = {"price": {"model": "per_unit", "unit_amount": "0"}}
BASE = {"kind": "licence_fee", "key": "base", "name": "Base", "currency": "USD", "terms": FLAT}
SEATS = {"kind": "licence_fee", "key": "seats", "name": "Seats", "currency": "USD", "terms": PER_SEAT}


class Twice:
    """Calls twice with one key, and remembers which operations it has called."""

    def __init__(self, machine):
        self.machine = machine
        self.keys = count()
        self.called = set()

    def __call__(self, method, path, json=None, *, name=None, **request):
        self.called.add(f"{method} /v1/billing/{name or path}")
        headers = {"Idempotency-Key": f"extension-{next(self.keys)}"}
        sent = {**request, **({"json": json} if json is not None else {})}
        first, second = (self.machine.request(method, f"/billing/{path}", headers=headers, **sent) for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 200), (method, path, first.text, second.text)
        assert (second.content, second.headers["idempotency-replayed"]) == (first.content, "true"), (method, path)
        return first.json()


@pytest.fixture(scope="module")
def twice(machine):
    return Twice(machine)


@pytest.fixture(scope="module")
def plan(twice):
    """A published plan of two versions, in a group of its own, which refers to objects."""
    group = {"code": "once", "name": "Once", "scope": "organization"}
    twice("POST", "plan_groups", group)
    twice("PATCH", "plan_groups/once", {"name": "Once more"}, name="plan_groups/{group_code}")
    twice("POST", "features", {"code": "once", "name": "Once", "type": "metered"})
    twice("PATCH", "features/once", {"unit_name": "time"}, name="features/{feature_code}")
    version = {"components": [BASE, SEATS]}
    twice("POST", "plans", {"code": "once", "name": "Once", "group_code": "once", "version": version})
    twice("PATCH", "plans/once", {"description": "Once"}, name="plans/{plan_code}")
    attached = objects(twice)
    twice("POST", "plans/once/publish", name="plans/{plan_code}/publish")
    twice("POST", "plans/once/versions", {"components": [BASE, SEATS]}, name="plans/{plan_code}/versions")
    twice("POST", "plans/once/live", {}, name="plans/{plan_code}/live")
    one = f"plans/once/components/{attached}"
    twice("DELETE", one, name="plans/{plan_code}/components/{component_id}")
    extra = {"code": "once_extra", "name": "Extra", "group_code": "once", "kind": "add_on"}
    twice("POST", "plans", {**extra, "version": {"components": [{**BASE, "key": "extra"}]}})
    twice("POST", "plans/once_extra/publish", name="plans/{plan_code}/publish")
    codes = {"codes": ["once_extra", "once"]}
    twice("POST", "plan_groups/once/plan_order", codes, name="plan_groups/{group_code}/plan_order")
    return "once"


def objects(twice):
    """Make one of each object, change it, and attach a card to the plan; return the component's id."""
    item = twice("POST", "metered_items", {"name": "Once", "feature_code": "once"})["metered_item"]["id"]
    twice("POST", f"metered_items/{item}", {"name": "Twice"}, name="metered_items/{item_id}")
    seat = twice("POST", "licensed_items", {"name": "Seat"})["licensed_item"]["id"]
    twice("POST", f"licensed_items/{seat}", {"name": "Chair"}, name="licensed_items/{item_id}")
    fee = {"name": "Fee", "item_id": seat, "currency": "USD", "terms": FLAT}
    fee_id = twice("POST", "licence_fees", fee)["licence_fee"]["id"]
    twice("POST", f"licence_fees/{fee_id}", {"terms": PER_SEAT}, name="licence_fees/{fee_id}")
    action = {"name": "Credit", "amount": {"amount_minor": 1, "currency": "USD"}}
    action_id = twice("POST", "service_actions", action)["service_action"]["id"]
    twice("POST", f"service_actions/{action_id}", {"name": "Grant"}, name="service_actions/{action_id}")
    card = twice("POST", "rate_cards", {"name": "Card", "currency": "USD"})["rate_card"]["id"]
    twice("POST", f"rate_cards/{card}", {"name": "Cards"}, name="rate_cards/{card_id}")
    rates = {"create": [{"item_id": item, "terms": PER_SEAT}]}
    twice("POST", f"rate_cards/{card}/rates", rates, name="rate_cards/{card_id}/rates")
    attach = {"kind": "rate_card", "object_id": card}
    made = twice("POST", "plans/once/components", attach, name="plans/{plan_code}/components")
    component = made["attachments"][0]["id"]
    change = {"lookup_key": "models"}
    one = f"plans/once/components/{component}"
    twice("POST", one, change, name="plans/{plan_code}/components/{component_id}")
    return component


def profiles(twice, customer):
    """Make two billing profiles, and let a customer have one of them for a while."""
    first, second = (twice("POST", "profiles", {"name": name})["billing_profile"]["id"] for name in ("One", "Two"))
    twice("PATCH", f"profiles/{first}", {"language": "de"}, name="profiles/{profile_id}")
    twice("POST", f"profiles/{first}/default", name="profiles/{profile_id}/default")
    twice("PATCH", f"customers/{customer}", {"profile_id": second}, name="customers/{customer_id}")
    twice("PATCH", f"customers/{customer}", {"profile_id": None}, name="customers/{customer_id}")
    twice("DELETE", f"profiles/{second}", name="profiles/{profile_id}")


@pytest.fixture(scope="module")
def clock(twice):
    """A test clock."""
    return twice("POST", "test_clocks", {"frozen_on": "2027-01-01T00:00:00Z"})["test_clock"]["id"]


@pytest.fixture(scope="module")
def agreement(machine, plan, clock):
    """An organization's agreement for the plan, on the clock."""
    body = {"name": "Once", "is_create_billing_customer": True, "billing_email": "a@b.example", "test_clock_id": clock}
    made = machine.post("/organization", json={**body, "billing_plan_code": plan}).json()["organization"]
    customer = made["billing_customer_id"]
    [found] = machine.get("/billing/agreements", params={"customer_id": customer}).json()["agreements"]
    return found["id"], customer


def taxes(twice):
    """A tax code and a rate for it, which has ended."""
    twice("POST", "tax_codes", {"code": "once", "name": "Once"})
    rate = twice("POST", "tax_rates", {"country": "DE", "percent": "19", "tax_code": "once"})["tax_rate"]["id"]
    twice("POST", f"tax_rates/{rate}/end", {}, name="tax_rates/{rate_id}/end")


def credit(twice, engine, customer):
    """Credit that is taken back, credit that is ended, and credit that is bought."""
    add_card(engine, customer_id=customer, card=card())
    body = {"customer_id": customer, "name": "Once", "amount_minor": 500, "currency": "USD"}
    twice("PUT", "credit_settings", {"customer_id": customer, "threshold_minor": 500, "currency": "USD"})
    twice("DELETE", "credit_settings", params={"customer_id": customer})
    twice("POST", "top_ups", {**body, "name": "Top-up"})
    for verb in ("void", "expire"):
        grant = twice("POST", "credit_grants", {**body, "name": verb})["credit_grant"]["id"]
        twice("POST", f"credit_grants/{grant}/{verb}", name=f"credit_grants/{{grant_id}}/{verb}")


def allowances(twice, customer):
    """An allowance grant that is taken back, and thresholds that come and go."""
    one, name = f"customers/{customer}", "customers/{customer_id}"
    body = {"feature_code": "ai_tokens", "amount": "50"}
    grant = twice("POST", f"{one}/allowances", body, name=f"{name}/allowances")["allowance"]["id"]
    twice("POST", f"{one}/allowances/{grant}/void", name=f"{name}/allowances/{{allowance_id}}/void")
    told, named = f"{one}/usage_thresholds/ai_tokens", f"{name}/usage_thresholds/{{feature_code}}"
    twice("PUT", told, {"thresholds": ["80%"]}, name=named)
    twice("DELETE", told, name=named)


def payment_methods(twice, engine, customer):
    """Two cards, of which the first is charged again, and the second is gone."""
    first, second = (add_card(engine, customer_id=customer, card=card()).id for _ in range(2))
    path, name = f"customers/{customer}/payment_methods", "customers/{customer_id}/payment_methods"
    chosen = twice("POST", f"{path}/{first}/default", name=f"{name}/{{method_id}}/default")["payment_methods"]
    assert [method["id"] for method in chosen if method["is_default"]] == [first]
    left = twice("DELETE", f"{path}/{second}", name=f"{name}/{{method_id}}")["payment_methods"]
    assert second not in [method["id"] for method in left]


def subject_keys(twice, customer):
    """A key that comes and goes."""
    path, name = f"customers/{customer}/subject_keys", "customers/{customer_id}/subject_keys"
    twice("POST", path, {"key": "tenant-7"}, name=name)
    twice("DELETE", path, params={"key": "tenant-7"}, name=name)


def corrections(twice, engine):
    """One invoice of which some is credited, one that is void, and one that another takes the place of."""
    payer_of_all = payer(engine, "corrected@example.com")
    agreement = subscribe(engine, customer_id=payer_of_all.id, plan_key="pro_monthly")
    with engine.begin() as tx:
        [paid] = tx.invoices.newest_of(payer_of_all.id)
        owed = [
            issue_invoice(
                tx,
                payer_of_all,
                new_invoice(
                    payer_of_all, paid.lines, currency="USD", agreement=agreement, reason="renewal", at=paid.created_at
                ),
                source="admin",
                actor="test",
                at=paid.created_at,
            )
            for _ in range(2)
        ]
    body = {"reason": "a mistake", "amount_minor": 100}
    twice("POST", f"invoices/{paid.id}/credit_notes", body, name="invoices/{invoice_id}/credit_notes")
    twice("POST", f"invoices/{owed[0].id}/void", name="invoices/{invoice_id}/void")
    lines = {"lines": [{"line": 1, "amount_minor": 1_000}]}
    twice("POST", f"invoices/{owed[1].id}/reissue", lines, name="invoices/{invoice_id}/reissue")


def disputes(twice, engine):
    """A payment that is disputed, and lost."""
    disputing = payer(engine, "disputing@example.com", number="4000000000000259")
    subscribe(engine, customer_id=disputing.id, plan_key="pro_monthly")
    with engine.read() as tx:
        [one] = tx.disputes.page(customer_id=disputing.id).items
    twice("POST", f"disputes/{one.id}/close", {"outcome": "lost"}, name="disputes/{dispute_id}/close")


def drafts(twice, customer):
    """A charge, and drafts that are issued and thrown away."""
    line = {"description": "Once", "amount_minor": 500, "currency": "USD"}
    gathering = twice("POST", "charges", {"customer_id": customer, **line})["invoice"]["id"]
    twice("POST", f"invoices/{gathering}/lines", line, name="invoices/{invoice_id}/lines")
    twice("DELETE", f"invoices/{gathering}/lines/1", name="invoices/{invoice_id}/lines/{line}")
    twice("POST", f"invoices/{gathering}/finalize", name="invoices/{invoice_id}/finalize")
    draft = twice("POST", "invoices", {"customer_id": customer, "currency": "USD"})["invoice"]["id"]
    twice("DELETE", f"invoices/{draft}", name="invoices/{invoice_id}")


def meters(twice, engine):
    """A meter that is called something else, and an event that is cancelled."""
    twice("POST", "meters", {"key": "counted", "name": "Once", "event_type": "tokens", "aggregation": "count"})
    twice("PATCH", "meters/counted", {"name": "Twice"}, name="meters/{meter_key}")
    used(engine, event("once"))
    body = {"source": "app", "id": "once", "reason": "a mistake"}
    twice("POST", "usage_events/correct", {**body, "action": "amend", "data": {"value": 2}})
    twice("POST", "usage_events/correct", {**body, "action": "cancel"})


def test_every_change_of_an_extension_is_made_once_for_a_key(twice, agreement, clock, management, server):
    agreement_id, customer = agreement
    one, name = f"agreements/{agreement_id}", "agreements/{agreement_id}"
    twice("POST", "coupons", {"code": "ONCE", "name": "Once", "percent_off": "5"})
    taxes(twice)
    credit(twice, server.engine, customer)
    allowances(twice, customer)
    subject_keys(twice, customer)
    payment_methods(twice, server.engine, customer)
    corrections(twice, server.engine)
    disputes(twice, server.engine)
    drafts(twice, customer)
    meters(twice, server.engine)
    twice("POST", f"{one}/quantity", {"fee_code": "seats", "quantity": 3}, name=f"{name}/quantity")
    twice("POST", f"{one}/discounts", {"coupon_code": "ONCE"}, name=f"{name}/discounts")
    twice("DELETE", f"{one}/discounts/ONCE", name=f"{name}/discounts/{{coupon_code}}")
    twice("POST", "coupons/ONCE/archive", name="coupons/{coupon_code}/archive")
    twice("POST", f"{one}/add_ons", {"plan_code": "once_extra"}, name=f"{name}/add_ons")
    twice("DELETE", f"{one}/add_ons/once_extra", name=f"{name}/add_ons/{{plan_code}}")
    twice("POST", f"{one}/pause", name=f"{name}/pause")
    twice("POST", f"{one}/resume", name=f"{name}/resume")
    later = {"agreement_id": agreement_id, "timing": "period_end"}
    assert twice("DELETE", "agreements", params=later)["agreement"]["status"] == "active"
    twice("POST", f"{one}/undo", name=f"{name}/undo")
    twice("POST", "agreement_previews", {"customer_id": customer, "plan_code": "team_free"})
    numbers = {"quantities": {"seats": 4}, "add_ons": [{"plan_code": "once_extra", "quantity": 1}]}
    twice("POST", f"{one}/alteration_preview", numbers, name=f"{name}/alteration_preview")
    twice("POST", f"{one}/cancellation_preview", {}, name=f"{name}/cancellation_preview")
    move = {"to_version": 1, "from_version": 2, "dry_run": True}
    twice("POST", "plans/once/migrations", move, name="plans/{plan_code}/migrations")
    profiles(twice, customer)
    advance = {"to": "2027-03-01T00:00:00Z"}
    twice("POST", f"test_clocks/{clock}/advance", advance, name="test_clocks/{clock_id}/advance")
    twice("DELETE", f"test_clocks/{clock}", name="test_clocks/{clock_id}")
    table = {"code": "once", "name": "Once", "group_code": "once"}
    twice("POST", "pricing_tables", table)
    twice("PATCH", "pricing_tables/once", {"heading": "Once"}, name="pricing_tables/{table_code}")
    twice("DELETE", "pricing_tables/once", name="pricing_tables/{table_code}")
    twice("POST", "plans/once/archive", name="plans/{plan_code}/archive")
    twice("PATCH", "settings", {"zone": "UTC"})
    twice("POST", "features", {"code": "brief", "name": "Brief", "type": "unmetered"})
    twice("DELETE", "features/brief", name="features/{feature_code}")
    twice("POST", "plan_groups", {"code": "brief", "name": "Brief", "scope": "user"})
    twice("DELETE", "plan_groups/brief", name="plan_groups/{group_code}")
    with server.engine.read() as tx:
        codes = [group.key for group in tx.plan_groups.list()]
        recorded = {row.action for row in tx.audit.linked()} | {row.action for row in tx.audit.unlinked()}
        by_machine = {row.action for row in tx.audit.unlinked() if row.actor == server.seed.m2m_client_id}
    twice("POST", "plan_group_order", {"codes": codes})

    changing = {
        operation.name
        for operation in management
        if operation.method != "GET" and operation.document.get("x-extension") and "/billing/" in operation.path
    }
    elsewhere = {found for found in changing if "reservations" in found or found.endswith(("/pay", "/write_off"))}
    elsewhere.add(EVENTS)
    assert changing - elsewhere - twice.called == set()
    told = {"plan.create", "feature.create", "coupon.create", "clock.advance", "agreement.pause", "rate_card.rates"}
    assert told <= recorded
    assert told <= by_machine
