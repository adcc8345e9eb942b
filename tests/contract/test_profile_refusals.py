"""What billing profiles refuse: each error has a name, and nothing is written."""

from __future__ import annotations

import json

import pytest

from billing_sdk.errors import (
    DefaultProfileRequired,
    InvalidRequest,
    InvalidTaxId,
    NotFound,
    ProfileInUse,
    SecondDefaultProfile,
    UnknownProfile,
)
from billing_sdk.server.domain.collection import BUILT_IN_ID, Numbering
from billing_sdk.server.usecases.billing_profiles import (
    create_profile,
    delete_profile,
    make_default_profile,
    update_profile,
)
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from tests.contract.test_cli import call
from tests.databases import copy_sqlite
from tests.engines import IN_MEMORY, engine_on, payer


@pytest.fixture
def engine():
    """What no database decides is tested in memory."""
    with engine_on(IN_MEMORY) as opened:
        yield opened


def kept(engine):
    """Everything about profiles that is in the database, and how much the audit has."""
    with engine.read() as tx:
        records = [record.action for record in tx.audit.unlinked()]
        return tx.billing_profiles.list().items, tx.billing_profiles.default().id, records


def test_there_is_no_second_default_profile(engine):
    first = create_profile(engine, name="First", is_default=True)
    other = create_profile(engine, name="Other")
    before = kept(engine)
    with pytest.raises(SecondDefaultProfile, match=first.id):
        create_profile(engine, name="Second", is_default=True)
    with pytest.raises(SecondDefaultProfile, match=first.id):
        update_profile(engine, other.id, is_default=True)
    assert kept(engine) == before


def test_there_is_always_a_default_profile(engine):
    first = create_profile(engine, name="First", is_default=True)
    before = kept(engine)
    with pytest.raises(DefaultProfileRequired):
        delete_profile(engine, first.id)
    with pytest.raises(DefaultProfileRequired):
        update_profile(engine, first.id, is_default=False)
    assert kept(engine) == before
    make_default_profile(engine, create_profile(engine, name="Next").id)
    delete_profile(engine, first.id)
    with engine.read() as tx:
        assert tx.billing_profiles.default().name == "Next"


def test_a_profile_that_customers_have_is_not_deleted(engine):
    profile, customer = create_profile(engine, name="Ours"), payer(engine)
    update_customer(engine, customer.id, profile_id=profile.id)
    before = kept(engine)
    with pytest.raises(ProfileInUse, match="1 customers"):
        delete_profile(engine, profile.id)
    assert kept(engine) == before
    update_customer(engine, customer.id, profile_id=None)
    delete_profile(engine, profile.id)


def test_the_built_in_profile_is_kept_once_it_is_changed(engine):
    with pytest.raises(DefaultProfileRequired):
        delete_profile(engine, BUILT_IN_ID)
    update_profile(engine, BUILT_IN_ID, numbering=Numbering("A"))
    with engine.read() as tx:
        assert (tx.billing_profiles.default().numbering.prefix, tx.billing_profiles.default().is_default) == ("A", True)
    with pytest.raises(SecondDefaultProfile):
        create_profile(engine, name="Second", is_default=True)


def test_the_built_in_profile_counts_no_more_beside_another_default(engine):
    create_profile(engine, name="First", is_default=True)
    with pytest.raises(UnknownProfile):
        delete_profile(engine, BUILT_IN_ID)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"profile_id": "profile_9"}, UnknownProfile),
        ({"tax_ids": ("?",)}, InvalidTaxId),
        ({"language": "German"}, InvalidRequest),
        ({"billing_email": "nobody"}, InvalidRequest),
    ],
)
def test_what_can_not_be_known_of_a_customer_is_refused(engine, fields, error):
    customer = payer(engine)
    with pytest.raises(error):
        update_customer(engine, customer.id, **fields)
    with engine.read() as tx:
        assert tx.customers.get(customer.id) == customer
    with pytest.raises(NotFound):
        update_customer(engine, "customer_9", language="de")


def test_the_command_line_keeps_profiles(sqlite_catalogue, tmp_path, monkeypatch):
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", f"sqlite:///{tmp_path / 'billing.db'}")

    def told(*arguments):
        done = call("profiles", *arguments)
        assert done.exit_code == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    [made] = told("create", "Enterprise", "--collect", "send_invoice", "--due-after", "P1M", "--prefix", "E", "--json")
    assert (made["collection_method"], made["due_after"], made["numbers"]) == ("send_invoice", "P1M", "E-000001")
    [changed] = told("update", made["id"], "--retry", "P1D", "--retry", "P2D", "--grace", "P9D", "--json")
    assert (changed["retry_after"], changed["grace"]) == ("P1D P2D", "P9D")
    [never] = told("update", made["id"], "--no-retry", "--at-end", "pause", "--json")
    assert (never["retry_after"], never["at_end"]) == ("", "pause")
    assert [row["is_default"] for row in told("list", "--json")] == [True, False]
    told("default", made["id"])
    assert told("show", made["id"], "--json") == [{**never, "is_default": True}]
    refused = call("profiles", "delete", made["id"])
    assert (refused.exit_code, "default billing profile" in refused.stderr) == (1, True)


def test_the_command_line_says_where_customers_are_and_settles_what_they_owe(sqlite_catalogue, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", url)
    with engine_on(url) as engine:
        profile = create_profile(engine, name="By invoice", collection_method="send_invoice")
        customer = update_customer(engine, payer(engine, number=None).id, profile_id=profile.id)
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
        with engine.read() as tx:
            first, second = sorted(one.id for one in tx.invoices.owed_by(customer.id))

    def told(*arguments):
        done = call(*arguments, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    refused = call("customers", "update", customer.id, "--city", "Berlin")
    assert (refused.exit_code, "country" in refused.stderr) == (1, True)
    told("customers", "update", customer.id, "--country", "DE", "--line", "Am Ufer 1", "--tax-id", "de 123456789")
    kept = told("customers", "update", customer.id, "--city", "Berlin", "--language", "de")
    assert (kept["country"], kept["city"], kept["lines"]) == ("DE", "Berlin", ["Am Ufer 1"])
    assert (kept["tax_ids"], kept["language"], kept["profile_id"]) == (["DE123456789"], "de", profile.id)
    assert told("customers", "show", customer.id) == kept
    paid = told("collection", "pay", first, "--by", "other", "--reference", "wire 7")
    assert (paid["status"], [one["status"] for one in paid["attempts"]]) == ("paid", ["succeeded"])
    assert told("collection", "write-off", second)["status"] == "uncollectible"
    assert call("collection", "pay", second).exit_code == 1
    assert "uncollectible" in call("collection", "show", second).stdout
