"""The frame of the door: versions, keys, bodies, errors, pages and idempotency, by a resource that only tests have."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from billing_sdk.server.storage.tables.visits import idempotent_answers
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.things import door_with_things
from tests.engines import NOON


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with door_with_things() as door:
        yield door


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("2025-05-28.basil", 200),
        ("2025-07-30.preview", 200),
        ("2026-10-14.preview;checkout_product_catalog_preview=v1", 200),
        ("2031-01-01.later", 200),
        ("2024-01-01", 400),
        ("2026-02-30.preview", 400),
        ("latest", 400),
        ("", 400),
        ("2026-10-14.preview;flag", 400),
    ],
)
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_any_version_since_the_first_is_accepted_and_nonsense_is_not(
    door: Door, api: str, version: str, status: int
) -> None:
    told = getattr(door, api).call("GET", "/things", Stripe_Version=version)
    assert told.status == status


def test_v2_needs_a_version_and_v1_takes_the_newest(door: Door) -> None:
    bare = {"Authorization": f"Bearer {door.key}"}
    assert door.call("GET", "/v2/things", None, bare, is_form=False).refusal == (400, "missing_stripe_version", None)
    assert door.call("GET", "/v1/things", None, bare, is_form=True).status == 200


def test_a_member_that_a_version_does_not_have_is_not_shown(door: Door) -> None:
    def members(version: str) -> set[str]:
        return {*door.v2.post("/things", {"name": "a"}, Stripe_Version=version)} & {"gone", "came"}

    assert members("2025-09-30.preview") == {"gone"}
    assert members("2026-04-22.preview") == {"gone", "came"}
    assert members("2026-10-14.preview") == {"came"}


def test_values_are_read_as_numbers_or_texts_and_written_as_the_api_has_them(door: Door) -> None:
    body = {"name": "a", "count": "7", "price": 0.1, "currency": "USD", "at": "2025-01-01T01:00:00+01:00"}
    told = door.v2.post("/things", body)
    assert (told["count"], told["price"], told["currency"], told["at"]) == (
        "7",
        "0.1",
        "usd",
        "2025-01-01T00:00:00.000Z",
    )
    assert told["id"].startswith("bli_test_")
    assert told["livemode"] is False


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "parameter_missing", "name"),
        ({"name": "a", "wrong": 1}, "parameter_unknown", "wrong"),
        ({"name": 1}, "parameter_invalid", "name"),
        ({"name": "a", "count": "1.5"}, "parameter_invalid_integer", "count"),
        ({"name": "a", "count": True}, "parameter_invalid_integer", "count"),
        ({"name": "a", "price": "1e5"}, "parameter_invalid", "price"),
        ({"name": "a", "at": "2025-01-01T00:00:00"}, "parameter_invalid", "at"),
        ({"name": "a", "currency": "dollars"}, "parameter_invalid", "currency"),
        ({"name": "a", "metadata": {"x": 1}}, "parameter_invalid", "metadata.x"),
        ({"name": "a", "metadata": {str(n): "" for n in range(51)}}, "parameter_invalid", "metadata"),
        (b"[]", "parameter_invalid", None),
        (b'{"name":"a","name":"b"}', "parameter_invalid", None),
        (b'{"name":"a\\u0000"}', "parameter_invalid", None),
        (b'{"name":"\\ud800"}', "parameter_invalid", None),
        (b'{"name":' + b"[" * 40 + b"]" * 40 + b"}", "parameter_invalid", None),
        (b'{"name":[' + b"0," * 10_000 + b"0]}", "parameter_invalid", None),
        (b"\xff", "parameter_invalid", None),
    ],
)
def test_a_body_of_v2_that_is_wrong_names_what_is_wrong(door: Door, body: Any, code: str, param: str | None) -> None:
    assert door.v2.refused("POST", "/things", body, Content_Type="application/json") == (400, code, param)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"", "parameter_missing", "name"),
        (b"name=", "parameter_invalid_empty", "name"),
        (b"name=a&wrong[x]=1", "parameter_unknown", "wrong"),
        (b"name=a&nested[flag]=yes", "parameter_invalid", "nested[flag]"),
        (b"name=a&nested[flag]=true&nested[sizes][0]=x", "parameter_invalid_integer", "nested[sizes][0]"),
        (b"name=a&count=1.5", "parameter_invalid_integer", "count"),
        (b"name=a&name=b", "parameter_invalid", "name"),
        (b"name=a&name[b]=c", "parameter_invalid", "name[b]"),
        (b"name[a]=a&name=c", "parameter_invalid", "name"),
        (b"name=%00", "parameter_invalid", "name"),
        (b"name=%FF", "parameter_invalid", None),
        (
            b"a[a][a]" + b"[a]" * 20 + b"=1",
            "parameter_invalid",
            ("a" + "[a]" * 22)[:64],
        ),
        (b"&".join(b"a%d=1" % n for n in range(3_000)), "parameter_invalid", None),
        (b"name=a&metadata[" + b"k" * 41 + b"]=1", "parameter_invalid", "metadata"),
    ],
)
def test_a_form_that_is_wrong_names_what_is_wrong(door: Door, body: bytes, code: str, param: str | None) -> None:
    refusal = door.v1.refused("POST", "/things", body, Content_Type="application/x-www-form-urlencoded")
    assert refusal == (400, code, param)


def test_json_is_accepted_where_a_form_is(door: Door) -> None:
    told = door.v1.post("/things", b'{"name":"a","count":7,"nested":{"flag":true}}', Content_Type="application/json")
    assert (told["name"], told["count"]) == ("a", "7")


def test_a_document_whose_quotes_a_shell_has_taken_is_understood(door: Door) -> None:
    assert door.v2.post("/things", b"{name:latest}", Content_Type="application/json")["name"] == "latest"
    for body in (b"{name:a,name:b}", b"{name:{a:b}}", b"{name: a}", b"{name:a b}"):
        assert door.v2.refused("POST", "/things", body, Content_Type="application/json")[0] == 400


def test_another_type_of_body_is_refused(door: Door) -> None:
    form = "application/x-www-form-urlencoded"
    assert door.v2.refused("POST", "/things", b"name=a", Content_Type=form) == (
        400,
        "parameter_invalid",
        "content-type",
    )
    assert door.v1.refused("POST", "/things", b"<a/>", Content_Type="text/xml")[2] == "content-type"


def test_errors_have_the_shape_of_their_api(door: Door) -> None:
    missing = "/things/bli_test_" + "0" * 32
    v1 = door.v1.call("GET", missing).body["error"]
    assert v1 == {**v1, "type": "invalid_request_error", "code": "thing_not_found"}
    v2 = door.v2.call("GET", missing).body["error"]
    assert v2 == {
        "type": "invalid_request_error",
        "code": "thing_not_found",
        "message": "There is no such thing. Check the id and the environment.",
    }
    assert door.v2.refused("POST", "/things", {"name": "a", "other": "mtr_x"}) == (404, "meter_not_found", "other")
    assert door.v1.refused("GET", "/things/x") == (404, "thing_not_found", None)
    assert door.v1.refused("GET", "/nowhere")[0] == 404
    for api in (door.v1, door.v2):
        told = api.call("GET", "/things/", Host="elsewhere.example")
        assert (told.status, "location" in told.headers) == (404, False)
    assert door.v2.refused("PUT", "/things") == (405, "method_not_allowed", None)
    declined = door.v1.call("POST", "/things", {"name": "declined"})
    assert declined.body["error"] == {
        **declined.body["error"],
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
    }


def test_every_answer_has_the_id_of_the_request_and_its_key(door: Door) -> None:
    for told in (
        door.v2.call("POST", "/things", {"name": "a"}, Idempotency_Key="key-1"),
        door.v2.call("POST", "/things", {}, Idempotency_Key="key-1"),
    ):
        assert (told.headers["request-id"], told.headers["idempotency-key"]) == ("req_1", "key-1")
    assert door.v2.call("POST", "/things", {}).headers["stripe-should-retry"] == "false"


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_pages_hold_every_item_once_forwards_and_backwards(api: str) -> None:
    with door_with_things() as door:
        one = getattr(door, api)
        made = [one.post("/things", {"name": f"n{n}"})["id"] for n in range(7)]
        assert [item["id"] for item in one.pages("/things?limit=3")] == made
        if api == "v1":
            assert one.get("/things?limit=3") == {**one.get("/things?limit=3"), "object": "list", "url": "/v1/things"}
            back = one.get(f"/things?limit=3&ending_before={made[6]}")
            assert ([item["id"] for item in back["data"]], back["has_more"]) == (made[3:6], True)
            assert one.refused("GET", "/things?starting_after=x") == (400, "resource_missing", "starting_after")
            assert one.refused("GET", f"/things?starting_after={made[0]}&ending_before={made[1]}")[0] == 400
        else:
            first = one.get("/things?limit=3")
            assert (first["previous_page_url"], first["next_page_url"][:4]) == (None, "/v2/")
            second = one.get(first["next_page_url"])
            assert one.get(second["previous_page_url"])["data"] == first["data"]


@pytest.mark.attack(208)
def test_a_page_of_v2_holds_its_filters_and_refuses_others(door: Door) -> None:
    for n in range(4):
        door.v2.post("/things", {"name": f"page{n}"})
    for query in ("names[0]=page1&names[1]=page2", "names=page1&names=page2", "names[]=page1&names[]=page2"):
        first = door.v2.get(f"/things?limit=1&{query}")
        second = door.v2.get(first["next_page_url"])
        assert [first["data"][0]["name"], second["data"][0]["name"], second["next_page_url"]] == [
            "page1",
            "page2",
            None,
        ]
    assert [one["name"] for one in door.v2.get("/things?names=page3")["data"]] == ["page3"]
    assert door.v2.get(f"{first['next_page_url']}&{query}")["data"] == second["data"]
    assert door.v2.refused("GET", f"{first['next_page_url']}&name=other") == (400, "parameter_invalid", "name")
    token = first["next_page_url"].partition("=")[2]
    for page in ("x", token[:-3], "", "%00"):
        assert door.v2.refused("GET", f"/things?page={page}")[0] == 400


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("limit=0", "parameter_invalid", "limit"),
        ("limit=101", "parameter_invalid", "limit"),
        ("limit=x", "parameter_invalid_integer", "limit"),
        ("limit=1&limit=2", "parameter_invalid_integer", "limit"),
        ("colour=red", "parameter_unknown", "colour"),
        ("name[a]=b", "parameter_invalid", "name"),
    ],
)
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_list_refuses_what_it_can_not_be_asked(door: Door, api: str, query: str, code: str, param: str) -> None:
    assert getattr(door, api).refused("GET", f"/things?{query}") == (400, code, param)


def test_a_parameter_that_an_operation_does_not_have_is_refused(door: Door) -> None:
    made = door.v2.post("/things", {"name": "a"})["id"]
    assert door.v2.refused("GET", f"/things/{made}?x=1") == (400, "parameter_unknown", "x")
    assert door.v2.refused("POST", "/things?x=1", {"name": "a"}) == (400, "parameter_unknown", "x")
    assert door.v1.refused("GET", f"/things/{made}?x=1") == (400, "parameter_unknown", "x")


def test_v1_repeats_an_answer_byte_for_byte_and_v2_shows_the_thing_as_it_is_now(door: Door) -> None:
    first = door.v1.call("POST", "/things", {"name": "a", "count": 3}, Idempotency_Key="twice")
    again = door.v1.call("POST", "/things", {"name": "a", "count": 3}, Idempotency_Key="twice")
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert "idempotent-replayed" not in first.headers
    new = door.v2.call("POST", "/things", {"name": "a", "count": 3}, Idempotency_Key="twice")
    assert new.body["id"] != first.body["id"]
    shown = door.v2.call("POST", "/things", {"name": "a", "count": 3}, Idempotency_Key="twice")
    assert (shown.body["id"], shown.body["count"]) == (new.body["id"], None)


@pytest.mark.attack(208)
def test_a_key_with_another_body_is_refused_as_each_api_has_it(door: Door) -> None:
    for api, status in (("v1", 400), ("v2", 409)):
        one = getattr(door, api)
        one.post("/things", {"name": "a"}, Idempotency_Key="other")
        told = one.call("POST", "/things", {"name": "b"}, Idempotency_Key="other")
        assert (told.status, told.body["error"]["type"]) == (status, "idempotency_error")


def test_v1_keeps_a_refusal_of_the_operation_and_not_of_the_form(door: Door) -> None:
    assert door.v1.refused("POST", "/things", {"wrong": "a"}, Idempotency_Key="form")[0] == 400
    assert door.v1.post("/things", {"name": "a"}, Idempotency_Key="form")["name"] == "a"
    first = door.v1.call("POST", "/things", {"name": "declined"}, Idempotency_Key="refused")
    again = door.v1.call("POST", "/things", {"name": "declined"}, Idempotency_Key="refused")
    assert (first.status, again.body, again.headers.get("idempotent-replayed")) == (402, first.body, "true")
    new = door.v2.call("POST", "/things", {"name": "declined"}, Idempotency_Key="refused")
    again = door.v2.call("POST", "/things", {"name": "declined"}, Idempotency_Key="refused")
    assert (new.status, again.status, again.headers.get("idempotent-replayed")) == (402, 402, None)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(door: Door, key: str) -> None:
    assert door.v1.refused("POST", "/things", {"name": "a"}, Idempotency_Key=key)[2] == "Idempotency-Key"
    assert door.v2.refused("POST", "/things", {"name": "a"}, Idempotency_Key=key)[2] == "Idempotency-Key"


def test_the_key_may_be_the_name_in_basic_authentication(door: Door) -> None:
    for text in (f"{door.key}:", door.key):
        basic = base64.b64encode(text.encode()).decode()
        assert door.v1.call("GET", "/things", Authorization=f"Basic {basic}").status == 200


@pytest.mark.attack(206)
@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        ("", "no API key"),
        ("Bearer", "no API key"),
        ("Basic !", "no API key"),
        ("Digest x", "no API key"),
        ("Bearer sk_live_x", "live environment"),
        ("Bearer rk_live_x", "live environment"),
        ("Bearer pk_test_x", "publishable"),
        ("Bearer sk_test_x", "not valid"),
        ("Bearer x", ""),
    ],
)
def test_a_key_that_is_none_is_told_what_is_wrong_with_it(door: Door, authorization: str, says: str) -> None:
    for api in (door.v1, door.v2):
        told = api.call("GET", "/things", Authorization=authorization)
        assert told.status == 401
        assert says in told.body["error"]["message"]


@pytest.mark.parametrize("header", ["Stripe_Account", "Stripe_Context"])
def test_there_are_no_connected_accounts(door: Door, header: str) -> None:
    assert door.v2.refused("GET", "/things", **{header: "acct_1"})[0] == 403


def test_a_key_that_is_being_served_is_told_apart_from_one_that_was(door: Door) -> None:
    for api in (door.v1, door.v2):
        api.post("/things", {"name": "a"}, Idempotency_Key="busy")
        with door.engine.begin() as tx:
            table = idempotent_answers
            unanswered = {"status": None, "sealed_body": None, "lease_ends_at": NOON + timedelta(minutes=1)}
            tx.idempotency._connection.execute(update(table).where(table.c.key == "busy").values(unanswered))
        told = api.call("POST", "/things", {"name": "a"}, Idempotency_Key="busy")
        assert (told.refusal[:2], "stripe-should-retry" in told.headers) == ((409, "idempotency_key_in_use"), False)
