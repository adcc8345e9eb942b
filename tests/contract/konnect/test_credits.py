"""Credit: granted, sold, settled, adjusted, listed, and what there is of it."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.add_card import add_card
from tests.contract.konnect.calling import Door
from tests.contract.konnect.calls_credits import GRANT, credits_of, external, granted
from tests.contract.konnect.calls_usage import feature_of
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, card

HALF = {"currency": "USD", "per_unit_cost_basis": "0.5"}
LONG_AGO, FAR_AHEAD = "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"


def refused(door: Door, path: str, body: Any) -> tuple[int, str]:
    """Return the status of a POST that is refused, and the field that is wrong, or the code."""
    answer = door.send("POST", path, json=body)
    told = answer.json()
    return answer.status_code, told["code"] if told["code"] != "invalid_request" else _field(told)


def _field(told: Any) -> str:
    return str(told["invalid_parameters"][0]["field"])


def give_card(door: Door, credit: str, number: str = GOOD_CARD) -> None:
    """Give a customer a card."""
    add_card(door.engine, customer_id=customer_of(credit), card=card(number))


def customer_of(credit: str) -> str:
    return id_from_ulid("customer", credit.split("/")[2])


def books_of(door: Door, credit: str) -> dict[str, int]:
    """Return what stands on each account of a customer, in minor units; debits above zero."""
    sums: dict[str, int] = {}
    with door.engine.read() as tx:
        for entry in tx.ledger.of_customer(customer_of(credit)):
            for posting in entry.postings:
                sums[posting.account] = sums.get(posting.account, 0) + posting.amount_minor
    return {account: minor for account, minor in sums.items() if minor}


def balance_of(door: Door, credit: str, query: str = "") -> tuple[str, str, str]:
    """Return what is live, settled and pending in dollars."""
    [one] = door.get(f"{credit}/balance?filter[currency][eq]=USD&{query}").json()["balances"]
    return one["live"], one["settled"], one["pending"]


def adjust(door: Door, credit: str, amount: str) -> None:
    door.made(f"{credit}/adjustments", {"name": f"By {amount}", "currency": "USD", "amount": amount})


def left_of(door: Door, credit: str) -> list[int]:
    """Return what is left of each grant, in the order in which they were made."""
    with door.engine.read() as tx:
        return [one.left.minor for one in tx.grants.all_of(customer_of(credit))]


def test_a_grant_is_shown_as_it_was_sent(door: Door) -> None:
    credit, feature = credits_of(door), feature_of(door)["key"]
    sent = {**GRANT, "key": door.name("grant"), "filters": {"features": [feature]}, "effective_at": FAR_AHEAD}
    made = door.made(f"{credit}/grants", sent)
    assert [name for name in sent if made.get(name) != sent[name]] == ["expires_after"]
    assert (made["status"], made["expires_at"]) == ("pending", "2091-01-01T00:00:00Z")
    assert "purchase" not in made
    assert door.get(f"{credit}/grants/{made['id']}").json() == made


def test_what_an_invoice_asks_for_is_the_amount_times_the_cost_of_a_unit(door: Door) -> None:
    credit = credits_of(door)
    give_card(door, credit)
    made = granted(door, credit, funding_method="invoice", purchase=HALF)
    assert made["purchase"] == {
        "currency": "USD",
        "amount": "6.25",
        "per_unit_cost_basis": "0.5",
        "availability_policy": "on_creation",
        "settlement_status": "settled",
    }
    assert (made["status"], balance_of(door, credit)) == ("active", ("12.5", "12.5", "0"))
    with door.engine.read() as tx:
        [invoice] = tx.invoices.newest_of(customer_of(credit), limit=5)
    assert (invoice.amount.minor, invoice.status) == (625, "paid")
    assert books_of(door, credit) == {"cash": 625, "promotional_credit": 625, "credit_liability": -1250}


def test_credit_whose_card_is_declined_is_not_granted_and_leaves_its_key(door: Door) -> None:
    credit, body = credits_of(door), {**GRANT, "key": door.name("grant"), "funding_method": "invoice"}
    assert refused(door, f"{credit}/grants", body) == (400, "payment_method_required")
    give_card(door, credit, DECLINED_WHEN_CHARGED)
    assert refused(door, f"{credit}/grants", body) == (400, "card_declined")
    assert door.get(f"{credit}/balance").json()["balances"] == []
    give_card(door, credit)
    assert door.made(f"{credit}/grants", body)["status"] == "active"
    assert refused(door, f"{credit}/grants", body) == (409, "duplicate_key")
    assert [one["status"] for one in door.get(f"{credit}/grants").json()["data"]] == ["voided", "active"]


def test_what_is_collected_elsewhere_counts_at_once_and_is_cash_once_it_is_settled(door: Door) -> None:
    credit, grant = external(door)
    path = f"{credit}/grants/{grant['id']}/settlement/external"
    assert (grant["status"], grant["purchase"]["settlement_status"]) == ("active", "pending")
    assert books_of(door, credit) == {"receivable": 625, "promotional_credit": 625, "credit_liability": -1250}
    for status, account in (("authorized", "receivable"), ("settled", "cash"), ("settled", "cash")):
        answer = door.send("POST", path, json={"status": status})
        assert answer.json()["purchase"]["settlement_status"] == status
        assert books_of(door, credit)[account] == 625
    assert books_of(door, credit) == {"cash": 625, "promotional_credit": 625, "credit_liability": -1250}


@pytest.mark.parametrize("earlier", ["authorized", "pending"])
def test_a_settlement_never_goes_back(door: Door, earlier: str) -> None:
    credit, grant = external(door)
    path = f"{credit}/grants/{grant['id']}/settlement/external"
    assert door.send("POST", path, json={"status": "settled"}).status_code == 200
    assert refused(door, path, {"status": earlier}) == (400, "invalid_settlement")
    assert door.get(f"{credit}/grants/{grant['id']}").json()["purchase"]["settlement_status"] == "settled"


def test_nobody_settles_what_is_given_away_nor_the_grant_of_another_customer(door: Door) -> None:
    credit = credits_of(door)
    grant = granted(door, credit)
    path = f"{credit}/grants/{grant['id']}/settlement/external"
    assert refused(door, path, {"status": "settled"}) == (400, "invalid_settlement")
    other = credits_of(door)
    assert door.get(f"{other}/grants/{grant['id']}").status_code == 404
    assert door.send("POST", path.replace(credit, other), json={"status": "settled"}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "0.001"}, "invalid_amount"),
        ({"amount": "1" * 20}, "invalid_amount"),
        ({"amount": 12}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"priority": 0}, "priority"),
        ({"priority": 1001}, "priority"),
        ({"funding_method": "barter"}, "funding_method"),
        ({"purchase": HALF}, "purchase"),
        ({"funding_method": "external", "purchase": {"currency": "EUR"}}, "purchase.currency"),
        (
            {"funding_method": "external", "purchase": {**HALF, "per_unit_cost_basis": "0"}},
            "purchase.per_unit_cost_basis",
        ),
        ({"funding_method": "external", "purchase": {**HALF, "per_unit_cost_basis": "0.0001"}}, "invalid_amount"),
        ({"expires_after": "P0D"}, "invalid_credit_grant"),
        ({"expires_after": "a while"}, "expires_after"),
        ({"filters": {"features": ["nobody_has_it"]}}, "filters.features"),
        ({"tax_config": {"tax_code": {"id": "01G65Z755AFWAKHE12NY0CQ9FH"}}}, "tax_config.tax_code.id"),
        ({"key": ""}, "key"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_and_changes_nothing(
    door: Door, fields: dict[str, Any], fault: str
) -> None:
    credit = credits_of(door)
    assert refused(door, f"{credit}/grants", {**GRANT, "amount": "0.1", **fields}) == (400, fault)
    assert door.get(f"{credit}/grants").json()["data"] == []


def test_what_is_sent_again_with_its_key_is_granted_once(door: Door) -> None:
    credit, headers = credits_of(door), {"Idempotency-Key": door.name("call")}
    first, second = (door.send("POST", f"{credit}/grants", json=GRANT, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(door.get(f"{credit}/grants").json()["data"]) == 1


def test_grants_are_filtered_by_status_currency_and_key(door: Door) -> None:
    credit = credits_of(door)
    first = granted(door, credit, key=door.name("first"))
    later = granted(door, credit, effective_at=FAR_AHEAD)
    euros = granted(door, credit, currency="EUR")

    def found(query: str) -> list[str]:
        return [one["id"] for one in door.get(f"{credit}/grants?{query}").json()["data"]]

    assert found("filter[status]=pending") == [later["id"]]
    assert found("filter[currency]=EUR") == [euros["id"]]
    assert found("filter[key][contains]=FIRST") == [first["id"]]
    assert found("page[size]=1&page[number]=2") == [later["id"]]


def test_an_adjustment_gives_promotional_credit(door: Door) -> None:
    credit = credits_of(door)
    adjust(door, credit, "4.5")
    assert balance_of(door, credit) == ("4.5", "4.5", "0")
    [grant] = door.get(f"{credit}/grants").json()["data"]
    assert (grant["funding_method"], grant["name"]) == ("none", "By 4.5")
    assert books_of(door, credit) == {}


def test_an_adjustment_takes_credit_in_the_order_in_which_usage_spends_it(door: Door) -> None:
    credit = credits_of(door)
    granted(door, credit, amount="5", funding_method="external", priority=20)
    granted(door, credit, amount="3", priority=10)
    granted(door, credit, amount="100", priority=1, effective_at=FAR_AHEAD)
    adjust(door, credit, "-4")
    assert left_of(door, credit) == [400, 0, 10_000]
    # What was paid for what is taken is earned; what was given away was nothing in the books.
    assert books_of(door, credit) == {"receivable": 500, "credit_liability": -400, "revenue": -100}


def test_an_adjustment_never_takes_more_than_there_is(door: Door) -> None:
    credit = credits_of(door)
    granted(door, credit, amount="5")
    body = {"name": "Too much", "currency": "USD", "amount": "-5.01"}
    assert refused(door, f"{credit}/adjustments", body) == (400, "insufficient_credit")
    assert refused(door, f"{credit}/adjustments", {**body, "amount": "0"}) == (400, "amount")
    assert refused(door, f"{credit}/adjustments", {**body, "currency": "EUR"}) == (400, "insufficient_credit")
    assert (left_of(door, credit), len(history_of(door, credit))) == ([500], 1)


def history_of(door: Door, credit: str, query: str = "") -> list[tuple[str, str, str, str, str]]:
    """Return type, name, amount and the balances around each transaction."""
    told = door.get(f"{credit}/transactions?{query}").json()["data"]
    return [(one["type"], one["name"], one["amount"], *one["available_balance"].values()) for one in told]


def test_the_history_tells_the_newest_first_with_what_there_was(door: Door) -> None:
    credit = credits_of(door)
    granted(door, credit, amount="5")
    granted(door, credit, amount="1", currency="EUR")
    granted(door, credit, amount="3", name="More")
    adjust(door, credit, "-6.5")
    everything = history_of(door, credit)
    # What is taken from two grants are two movements of the one adjustment.
    assert everything == [
        ("consumed", "By -6.5", "-1.5", "3", "1.5"),
        ("consumed", "By -6.5", "-5", "8", "3"),
        ("funded", "More", "3", "5", "8"),
        ("funded", "Starter", "1", "0", "1"),
        ("funded", "Starter", "5", "0", "5"),
    ]
    assert history_of(door, credit, "filter[type]=consumed") == everything[:2]
    assert history_of(door, credit, "filter[currency]=EUR") == everything[3:4]
    assert history_of(door, credit, "filter[type]=expired") == []


def test_the_history_is_read_page_by_page_in_both_directions(door: Door) -> None:
    credit = credits_of(door)
    for _ in range(3):
        granted(door, credit, amount="1")
    everything = [one["id"] for one in door.get(f"{credit}/transactions").json()["data"]]
    first = door.get(f"{credit}/transactions?page[size]=2").json()
    second = door.get(f"{credit}/transactions?page[size]=2&page[after]={first['meta']['page']['next']}").json()
    assert [one["id"] for one in first["data"] + second["data"]] == everything
    assert (second["meta"]["page"]["next"], first["meta"]["page"]["previous"]) == (None, None)
    back = door.get(f"{credit}/transactions?page[size]=2&page[before]={second['meta']['page']['previous']}").json()
    assert back["data"] == first["data"]
    assert door.get(f"{credit}/transactions?page[after]=of-another").status_code == 400


def test_the_balance_can_be_asked_for_at_another_time(door: Door) -> None:
    credit = credits_of(door)
    granted(door, credit, amount="5")
    granted(door, credit, amount="3", effective_at="2080-01-01T00:00:00Z", expires_after="P9Y")
    assert balance_of(door, credit) == ("5", "5", "3")
    assert door.get(f"{credit}/balance?timestamp={LONG_AGO}").json()["balances"] == []
    # By then the first has expired, and so has the second in the end.
    assert balance_of(door, credit, "timestamp=2085-01-01T00:00:00Z") == ("3", "3", "0")
    assert door.get(f"{credit}/balance?timestamp={FAR_AHEAD}").json()["balances"] == []
    assert door.get(f"{credit}/balance?timestamp=yesterday").status_code == 400


def test_the_balance_of_a_feature_is_what_can_pay_for_it(door: Door) -> None:
    credit, feature, other = credits_of(door), feature_of(door)["key"], feature_of(door)["key"]
    granted(door, credit, amount="5", filters={"features": [feature]})
    granted(door, credit, amount="3")
    assert balance_of(door, credit, f"filter[feature_key][eq]={feature}")[0] == "8"
    assert balance_of(door, credit, f"filter[feature_key][eq]={other}")[0] == "3"
    assert [one[2] for one in history_of(door, credit, f"filter[feature_key][eq]={other}")] == ["3"]
