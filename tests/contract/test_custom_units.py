"""Usage that is priced in a custom unit: granted, used up, and charged at the overage rate where no grant covers it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import Conflict, InvalidRequest, LookupKeyTaken, NotFound
from billing_sdk.money import Money, digits_of
from billing_sdk.server.domain.catalog import Units, millionths, units_of
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.invoicing.telling import tell
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.create_item import create_metered_item, create_one_time_item
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.create_service_action import create_service_action
from billing_sdk.server.usecases.custom_units import create_custom_unit, update_custom_unit
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.fund_credit import known_grants
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.overage_rates import add_overage_rate, delete_overage_rate
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, IN_MEMORY, advance, engine_on, payer

MONTH = Cadence("month")
PLAN = "assistant"


@pytest.fixture
def engine():
    """A plan in which a token is half a Spark, and 100 of them come with every month."""
    with engine_on(IN_MEMORY) as opened:
        unit = create_custom_unit(opened, name="Sparks", lookup_key="sparks")
        item = create_metered_item(opened, name="Tokens", feature_key="ai_tokens", lookup_key="tokens")
        card = create_rate_card(opened, name="Assistant", currency="USD", service=MONTH, lookup_key="card")
        price_in_sparks(opened, card.id, item.id, "0.5")
        action = create_service_action(
            opened, name="Monthly Sparks", amount=units_of(Decimal(100), unit.id), service=MONTH
        )
        create_plan(opened, key=PLAN, name="Assistant")
        attach_component(opened, plan_key=PLAN, kind="rate_card", object_id=card.id)
        attach_component(opened, plan_key=PLAN, kind="service_action", object_id=action.id)
        yield opened


def price_in_sparks(engine, card_id, item_id, value: str) -> None:
    terms = Terms(PerUnit(millionths(Decimal(value))))
    add_rate(engine, card_id=card_id, rate=NewRate(item_id, terms, unit_id="sparks"))


def charge_overage(engine, cents: str) -> str:
    item = create_one_time_item(engine, name="Extra Sparks")
    _, rate = add_overage_rate(engine, card_id="card", unit_id="sparks", item_id=item.id, unit_amount=Decimal(cents))
    return rate.id


def join(engine, *, number=GOOD_CARD):
    publish_plan(engine, plan_key=PLAN)
    return subscribe(engine, customer_id=payer(engine, number=number).id, plan_key=PLAN)


def use(engine, agreement, tokens: int) -> None:
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=str(tokens))


def month_of(engine, agreement):
    """Let a month pass, and return its invoice."""
    advance(engine, days=31)
    run_due(engine)
    with engine.read() as tx:
        return tx.invoices.newest_of(agreement.customer_id)[0]


def said(invoice) -> list[tuple[str, int]]:
    return [(line.description, line.amount.minor) for line in invoice.lines]


def sparks(engine, agreement) -> list[str]:
    """Return what there is, what is spoken for and what can be spent."""
    (balance,) = look_up_credit(engine, customer_id=agreement.customer_id)
    assert isinstance(balance.ledger, Units)
    return [digits_of(one.value) for one in (balance.ledger, balance.pending, balance.available)]


def revenue_of(engine, agreement) -> int:
    with engine.read() as tx:
        return sum(-one.amount_of("revenue") for one in tx.ledger.of_customer(agreement.customer_id))


def test_usage_within_what_was_granted_is_used_up_in_real_time_and_costs_nothing(engine):
    charge_overage(engine, "10")
    agreement = join(engine)
    use(engine, agreement, 120)
    assert sparks(engine, agreement) == ["100", "60", "40"]
    invoice = month_of(engine, agreement)
    assert said(invoice) == [("Tokens", 0), ("Monthly Sparks: Tokens", 0)]
    assert [line.derivation["unit"]["millionths"] for line in invoice.lines] == ["60000000", "60000000"]
    assert (invoice.status, revenue_of(engine, agreement)) == ("paid", 0)


def test_what_no_grant_covers_is_charged_at_the_overage_rate(engine):
    charge_overage(engine, "10.5")
    agreement = join(engine)
    use(engine, agreement, 225)
    invoice = month_of(engine, agreement)
    # 112.5 Sparks, of which 100 came with the month: 12.5 at 10.5 cents are 131.25 cents.
    assert said(invoice) == [("Tokens", 0), ("Monthly Sparks: Tokens", 0), ("Extra Sparks: Tokens", 131)]
    overage = invoice.lines[-1]
    assert (overage.kind, overage.quantity, overage.derivation["unit_amount"]) == ("overage", Decimal("12.5"), "10.5")
    assert revenue_of(engine, agreement) == 131


def test_each_line_of_units_is_explained_in_units(engine):
    charge_overage(engine, "10.5")
    agreement = join(engine)
    use(engine, agreement, 225)
    invoice = month_of(engine, agreement)
    assert [tell(line) for line in invoice.lines] == [
        ("112.5 Sparks, which credit in that unit pays for.",),
        ("100 Sparks of line 1 were paid with this credit.",),
        ("12.5 Sparks of line 1 that no credit covers, at 0.105 USD each.",),
    ]
    with engine.read() as tx:
        told = [explain_line(tx, invoice.id, number) for number in (1, 2, 3)]
    assert [one["amount_minor"] for one in told] == [0, 0, 131]


def test_without_an_overage_rate_units_are_shown_and_cost_nothing(engine):
    agreement = join(engine)
    use(engine, agreement, 1_000)
    invoice = month_of(engine, agreement)
    assert said(invoice) == [("Tokens", 0), ("Monthly Sparks: Tokens", 0)]
    assert invoice.lines[0].derivation["unit"]["millionths"] == "500000000"
    assert invoice.amount == Money(0, "USD")


def test_money_that_was_granted_pays_for_no_units_nor_for_their_overage(engine):
    charge_overage(engine, "10")
    agreement = join(engine)
    grant_credit(engine, customer_id=agreement.customer_id, name="Gift", amount=Money(5_000, "USD"))
    use(engine, agreement, 240)
    assert said(month_of(engine, agreement))[-1] == ("Extra Sparks: Tokens", 200)


def test_units_that_were_bought_beside_the_plan_stay_when_those_of_the_month_are_gone(engine):
    charge_overage(engine, "10")
    agreement = join(engine)
    with engine.read() as tx:
        unit = tx.custom_units.get("sparks")
    grant_credit(
        engine,
        customer_id=agreement.customer_id,
        name="Pack",
        amount=units_of(Decimal("30.25"), unit.id),
        category="paid",
    )
    use(engine, agreement, 240)
    assert said(month_of(engine, agreement)) == [
        ("Tokens", 0),
        ("Monthly Sparks: Tokens", 0),
        ("Pack: Tokens", 0),
    ]
    assert sparks(engine, agreement) == ["110.25", "0", "110.25"]
    assert revenue_of(engine, agreement) == 0
    with engine.read() as tx:
        assert tx.ledger.of_customer(agreement.customer_id) == ()


def test_doors_that_know_of_money_alone_are_shown_no_units(engine):
    agreement = join(engine)
    with engine.read() as tx:
        assert tx.grants.list(customer_id=agreement.customer_id).items == ()
        assert tx.grants.movements_of(agreement.customer_id).items == ()
        (own,) = tx.grants.list(customer_id=agreement.customer_id, with_units=True).items
    assert (own.name, str(own.amount).split()[0], own.amount.major) == ("Monthly Sparks", "100", 100)
    assert known_grants_of(engine, agreement.customer_id) == []


def known_grants_of(engine, customer_id):
    with engine.read() as tx:
        return known_grants(tx, customer_id)


def test_an_invoice_that_is_voided_gives_units_back_and_their_end_comes_again(engine):
    charge_overage(engine, "10")
    agreement = join(engine, number=DECLINED_WHEN_CHARGED)
    with engine.read() as tx:
        unit = tx.custom_units.get("sparks")
    grant_credit(engine, customer_id=agreement.customer_id, name="Pack", amount=units_of(Decimal(30), unit.id))
    use(engine, agreement, 280)
    invoice = month_of(engine, agreement)
    assert (invoice.status, invoice.amount.minor) == ("issued", 100)
    assert sparks(engine, agreement) == ["100", "0", "100"]
    void_invoice(engine, invoice_id=invoice.id)
    run_due(engine)
    assert sparks(engine, agreement) == ["130", "0", "130"]
    with engine.read() as tx:
        kinds = [one.kind for one in tx.grants.movements_of(agreement.customer_id, with_units=True).items]
    assert kinds.count("reinstated") == 2
    assert kinds.count("expired") == 1


def test_usage_that_comes_late_uses_up_units_or_is_charged(engine):
    charge_overage(engine, "10")
    agreement = join(engine)
    use(engine, agreement, 200)
    used_at = engine.now()
    month_of(engine, agreement)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="20", used_at=used_at)
    advance(engine, days=2)
    run_due(engine)
    with engine.read() as tx:
        invoice = tx.invoices.newest_of(agreement.customer_id)[0]
    assert invoice.reason == "adjustment"
    assert said(invoice) == [("Tokens, adjusted", 0), ("Extra Sparks: Tokens, adjusted", 100)]


def test_usage_that_was_corrected_downwards_gives_no_units_back_and_is_not_charged_again(engine):
    charge_overage(engine, "10")
    agreement = join(engine)
    use(engine, agreement, 220)
    used_at = engine.now()
    month_of(engine, agreement)
    before = sparks(engine, agreement), revenue_of(engine, agreement)
    for total in ("180", "220"):
        record_usage(
            engine,
            agreement_id=agreement.id,
            feature_key="ai_tokens",
            value=total,
            kind="absolute",
            used_at=used_at + timedelta(hours=1),
        )
        advance(engine, days=2)
        run_due(engine)
        assert (sparks(engine, agreement), revenue_of(engine, agreement)) == before


def test_units_that_an_invoice_at_a_threshold_has_billed_are_not_billed_again(engine):
    with engine.begin() as tx:
        profile = BillingProfile("profile_1", "Step by step", engine.now(), progressive_threshold_minor={"USD": 100})
        tx.billing_profiles.add(profile)
        tx.billing_profiles.make_default(profile.id)
    add_feature(engine, key="calls", name="Calls", feature_type="metered", unit_name="call")
    calls = create_metered_item(engine, name="Calls", feature_key="calls")
    add_rate(engine, card_id="card", rate=NewRate(calls.id, Terms(PerUnit(Decimal(1)))))
    agreement = join(engine)
    use(engine, agreement, 100)
    record_usage(engine, agreement_id=agreement.id, feature_key="calls", value="150")
    advance(engine, minutes=1)
    run_due(engine)
    with engine.read() as tx:
        (invoice,) = tx.invoices.newest_of(agreement.customer_id)
    assert (invoice.reason, said(invoice)[:2]) == ("threshold", [("Tokens", 0), ("Calls", 150)])
    assert sparks(engine, agreement) == ["50", "0", "50"]
    use(engine, agreement, 20)
    month_of(engine, agreement)
    with engine.read() as tx:
        moved = tx.grants.movements_of(agreement.customer_id, with_units=True).items
    assert [digits_of(one.amount.value) for one in moved if one.kind == "applied"] == ["-50", "-10"]


def test_an_overage_rate_that_is_changed_counts_in_the_next_version_of_the_card(engine):
    first = charge_overage(engine, "10")
    with engine.read() as tx:
        assert len(tx.rate_cards.get("card").versions.all) == 1
    second = charge_overage(engine, "20")
    with engine.read() as tx:
        card = tx.rate_cards.get("card")
    assert [[one.id for one in card.overage_rates_of(version.id)] for version in card.versions.all] == [
        [first],
        [second],
    ]
    gone = delete_overage_rate(engine, card_id="card", rate_id=second)
    assert gone.overage_rates_of("latest") == ()
    with pytest.raises(NotFound):
        delete_overage_rate(engine, card_id="card", rate_id=first)


def test_nothing_new_is_priced_in_a_unit_that_is_not_active(engine):
    update_custom_unit(engine, unit_id="sparks", is_active=False, name="Old", lookup_key="")
    with engine.read() as tx:
        unit = tx.custom_units.list().items[0]
    assert (unit.name, unit.lookup_key, unit.is_active) == ("Old", None, False)
    item = create_one_time_item(engine, name="Extra")
    with pytest.raises(Conflict):
        add_overage_rate(engine, card_id="card", unit_id=unit.id, item_id=item.id, unit_amount=Decimal(1))
    with pytest.raises(Conflict):
        add_rate(engine, card_id="card", rate=NewRate("tokens", Terms(PerUnit(Decimal(1))), unit_id=unit.id))


@pytest.mark.parametrize(
    ("label", "refused"),
    [
        ({"name": "Eleven more"}, InvalidRequest),
        ({"name": ""}, InvalidRequest),
        ({"name": "More", "lookup_key": "sparks"}, LookupKeyTaken),
    ],
)
def test_a_unit_is_named_in_ten_characters_and_its_lookup_key_is_its_own(engine, label, refused):
    with pytest.raises(refused):
        create_custom_unit(engine, **label)
