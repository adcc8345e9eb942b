"""What may be kept about a person: the same rules at every door, and as the reference says."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.usecases.people import MAX_NAME_LENGTH, normal_email

BIDIRECTIONAL = "\u202e"


def created(machine, email="new@example.com", **user):
    identities = [{"type": "email", "details": {"email": email}}]
    return machine.post("/user", json={"identities": identities, **user})


@pytest.mark.parametrize(
    "picture",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.com/a.png",
        "/a.png",
        "a.png",
        "https://",
        "ftp://example.com/a.png",
        "https://example.com/a\n.png",
        f"https://example.com/{BIDIRECTIONAL}gnp.a",
    ],
)
def test_a_picture_is_an_absolute_http_address(machine, picture):
    refused = created(machine, profile={"picture": picture})
    assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (400, "picture")

    user_id = created(machine).json()["id"]
    changed = machine.patch("/user", params={"id": user_id}, json={"picture": picture})

    assert (changed.status_code, changed.json()["errors"][0]["parameter"]) == (400, "picture")
    assert machine.get("/user", params={"id": user_id}).json()["picture"] is None


def test_a_picture_is_kept_and_can_be_removed(machine):
    picture = "https://example.com/a.png?size=2"
    user_id = created(machine, profile={"picture": picture}).json()["id"]
    assert machine.get("/user", params={"id": user_id}).json()["picture"] == picture

    assert machine.patch("/user", params={"id": user_id}, json={"picture": None}).json()["picture"] is None


@pytest.mark.parametrize("provided_id", ["a\nb", f"a{BIDIRECTIONAL}b", "a\x00b"])
def test_an_id_of_another_system_holds_nothing_that_is_not_shown(machine, provided_id):
    assert created(machine, provided_id=provided_id).status_code == 400

    user_id = created(machine).json()["id"]

    assert machine.patch("/user", params={"id": user_id}, json={"provided_id": provided_id}).status_code == 400


def test_the_reference_names_the_length_of_names_that_is_taken(machine):
    longest = "a" * MAX_NAME_LENGTH
    user_id = created(machine, profile={"given_name": longest, "family_name": longest}).json()["id"]

    assert machine.patch("/user", params={"id": user_id}, json={"given_name": longest}).status_code == 200
    assert machine.patch("/user", params={"id": user_id}, json={"given_name": longest + "a"}).status_code == 400


@pytest.mark.parametrize(
    "email",
    [
        "ada@localhost",
        "ada@example.",
        "ada@.com",
        "<ada@example.com>",
        "ada@example.com>",
        "Ada <ada@example.com>",
        "a da@example.com",
        "ada@exam ple.com",
        "ada@example.com, bea@example.com",
        f"ada{BIDIRECTIONAL}@example.com",
    ],
)
def test_what_is_not_one_plain_address_is_refused(email):
    with pytest.raises(InvalidRequest):
        normal_email(email)


@pytest.mark.parametrize(
    "email", ["ada@example.com", "ada.b+c@mail.example.co.uk", "o'neil@example.com", "ädä@bücher.example"]
)
def test_a_plain_address_is_taken(email):
    assert normal_email(f" {email.upper()} ") == email
