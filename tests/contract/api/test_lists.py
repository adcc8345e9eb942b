"""Lists: sizes, cursors and texts that are not what they should be, and lists that change while they are read."""

from __future__ import annotations

import pytest

HOSTILE = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "1 UNION SELECT private_pem FROM signing_keys",
    "%",
    "_",
    "\\",
    "id DESC",
    "../../etc/passwd",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "\u202e\U0001f600",
    "x" * 5_000,
]
SIZES = ["0", "-1", "501", "1000000000", "99999999999999999999", "1e3", "1.5", "ten", "", "0x10", "NaN", "\u0661"]
CURSORS = ("starting_after", "ending_before", "next_token")


@pytest.fixture(scope="module")
def headers(machine):
    return {"Authorization": machine.headers["authorization"]}


@pytest.fixture(scope="module")
def customer_id(server):
    with server.engine.read() as tx:
        return tx.customers.find_by_user(tx.users.find_by_email(server.seed.users[1][0]).id).id


def lists(management):
    return [operation for operation in management if "page_size" in operation.takes("query")]


def with_parameter(operation, object_id, name, value):
    """Return the parameters of a right request with one of them changed."""
    named = operation.takes("query")
    needed = {"customer_id": object_id} if "customer_id" in named else {}
    return {**needed, name: value}


@pytest.mark.attack(126)
def test_a_page_size_out_of_bounds_is_refused_by_every_list(http, management, headers, customer_id):
    assert len(lists(management)) >= 5
    for operation in lists(management):
        for size in SIZES:
            parameters = with_parameter(operation, customer_id, "page_size", size)
            answer = operation.call(http, headers=headers, params=parameters)
            assert answer.status_code == 400, (operation.name, size)
            assert answer.json()["errors"][0]["parameter"] == "page_size"


@pytest.mark.attack(126)
def test_a_cursor_that_this_server_did_not_give_is_refused_by_every_list(http, management, headers, customer_id):
    count = 0
    for operation in lists(management):
        for name in set(CURSORS) & set(operation.takes("query")):
            for forged in (*HOSTILE[::2], "a2luZGU=", "0"):
                parameters = with_parameter(operation, customer_id, name, forged)
                answer = operation.call(http, customer_id, headers=headers, params=parameters)
                assert answer.status_code == 400, (operation.name, name, forged)
                count += 1
    assert count > 40


@pytest.mark.attack(126)
def test_a_cursor_of_one_list_is_of_no_use_for_another(machine):
    for name in ("Acme", "Bolt"):
        machine.post("/organization", json={"name": name})
    token = machine.get("/organizations", params={"page_size": 1}).json()["next_token"]
    assert machine.get("/organizations", params={"next_token": token}).status_code == 200
    assert machine.get("/users", params={"next_token": token}).status_code == 400


@pytest.mark.attack(126)
def test_two_cursors_at_once_are_refused(machine, customer_id):
    parameters = {"customer_id": customer_id, "starting_after": "a", "ending_before": "b"}
    for path in ("/billing/agreements", "/billing/entitlements"):
        assert machine.get(path, params=parameters).status_code == 400


@pytest.mark.attack(126)
def test_a_hostile_text_in_any_parameter_finds_nothing_and_breaks_nothing(http, management, account, headers):
    for operation in (*management, *account):
        names = [parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"]
        for text in HOSTILE[:2]:
            if not names and not operation.is_about_an_object:
                continue
            answer = operation.call(http, text.replace("/", ""), headers=headers, params=dict.fromkeys(names, text))
            assert 400 <= answer.status_code < 500, (operation.name, text, answer.text)


@pytest.mark.attack(126)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_compared_and_never_interpreted(machine, text):
    answer = machine.get("/users", params={"email": text})
    assert answer.status_code == 400 or answer.json()["users"] == []
    assert machine.get("/organization", params={"code": text}).status_code in (400, 404)
    name = machine.post("/organization", json={"name": text[:100] + "!"})
    assert name.status_code in (200, 400)
    if name.status_code == 200:
        code = name.json()["organization"]["code"]
        assert machine.get("/organization", params={"code": code}).json()["name"] == text[:100] + "!"


def page(size, token):
    """Return the parameters of one page."""
    return {"page_size": size, **({"next_token": token} if token else {})}


@pytest.mark.attack(127)
@pytest.mark.parametrize("page_size", [3, 4])
def test_whatever_was_there_all_the_time_is_listed_once_while_others_come_and_go(machine, page_size):
    def create(name):
        return machine.post("/organization", json={"name": name}).json()["organization"]["code"]

    staying = {create(f"stays {number}") for number in range(5)}
    going = [create(f"goes {number}") for number in range(4)]
    seen, token = [], None
    while True:
        answer = machine.get("/organizations", params=page(page_size, token))
        assert answer.status_code == 200
        seen += [one["code"] for one in answer.json()["organizations"]]
        token = answer.json()["next_token"]
        if going:
            machine.delete(f"/organization/{going.pop()}")  # may be the one that the cursor is at
            create("comes")
        if token is None:
            break
    assert len(seen) == len(set(seen))
    assert staying <= set(seen)


@pytest.mark.attack(127)
def test_a_list_goes_on_after_an_item_that_has_been_deleted_meanwhile(machine):
    codes = sorted(
        machine.post("/organization", json={"name": f"n{n}"}).json()["organization"]["code"] for n in range(21)
    )
    everything, token = [], None
    while True:
        answer = machine.get("/organizations", params=page(20, token)).json()
        everything += [one["code"] for one in answer["organizations"]]
        if answer["next_token"]:
            machine.delete(f"/organization/{everything[-1]}")
        token = answer["next_token"]
        if token is None:
            break
    assert set(codes) <= set(everything)
