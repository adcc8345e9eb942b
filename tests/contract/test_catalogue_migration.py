"""A catalogue that an older version of the server has kept is today's catalogue after the migration."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import as_file, files

from alembic import command
from sqlalchemy import create_engine as connect, text

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, Rate
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.sealing import Sealer, SealingKey
from billing_sdk.server.storage import Database
from billing_sdk.server.storage.upgrading import migration_config
from tests.engines import NOON

FEE = {
    "kind": "licence_fee",
    "id": "fee_1",
    "key": "base_price",
    "name": "Base price",
    "amount_minor": 2_900,
    "currency": "USD",
    "line_description": "Pro, one year",
}
RATE = {
    "kind": "rate",
    "id": "rate_1",
    "feature_key": "tokens",
    "name": "Tokens",
    "unit_amount": "0.020",
    "currency": "USD",
    "line_description": "",
}
LIMIT = {
    "kind": "entitlement",
    "id": "included_1",
    "feature_key": "tokens",
    "feature_name": "Tokens",
    "limit_max": 5,
    "limit_min": None,
}
CARD = {
    "plan_key": "pro",
    "display_name": "Pro",
    "description": "",
    "features_heading": "",
    "features": ["Tokens"],
    "highlight_label": "",
    "call_to_action": "Choose",
}
ROWS = (
    ("INSERT INTO features VALUES ('feature_1', 'tokens', 'Tokens', 'metered', 'token', '')", ()),
    (
        (
            "INSERT INTO plan_groups VALUES ('sbg_1', 'a', 'A', 'user', true), ('sbg_2', 'b', 'B', 'user', true),"
            " ('sbg_3', 'c', 'C', 'organization', true)"
        ),
        (),
    ),
    (
        (
            "INSERT INTO plans VALUES ('pro', 'Pro', '', 'sbg_1', 'published', 'year', 0),"
            " ('new', 'New', '', 'sbg_1', 'draft', 'month', 1)"
        ),
        (),
    ),
    *(
        (
            f"INSERT INTO plan_versions VALUES ('version_{number}', :plan, {number}, 'USD', :components, :at)",
            (plan, components),
        )
        for number, plan, components in ((1, "pro", [FEE]), (2, "pro", [FEE, RATE, LIMIT]), (3, "new", []))
    ),
    (
        (
            "INSERT INTO pricing_tables VALUES ('table_1', 'one', 'One', 'sbg_1', true, true, :components),"
            " ('table_2', 'two', 'Two', 'sbg_2', true, true, :components)"
        ),
        ("", [CARD]),
    ),
)


def test_what_an_older_schema_has_kept_is_taken_over(empty_url):
    database = Database.open(empty_url, sealer=Sealer([SealingKey.generate("only")]))
    plain = connect(empty_url.replace("postgresql:", "postgresql+psycopg:"))
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder, plain.begin() as connection:
        config = migration_config(str(folder), connection)
        config.attributes["sealer"] = database.sealer
        command.upgrade(config, "0007")
        for statement, values in ROWS:
            plan, content = values or ("", [])
            given = {"plan": plan, "components": json.dumps(content), "at": NOON.isoformat()}
            connection.execute(text(statement), given)
    plain.dispose()
    database.migrate()

    with database.begin() as tx:
        pro, new = tx.catalog.find_plan("pro"), tx.catalog.find_plan("new")
        assert (pro.live_version_id, pro.version.number, str(pro.version.cadence)) == ("version_2", 2, "year")
        assert (new.live_version_id, new.latest_version_id, new.kind) == (None, "version_3", "plan")
        assert pro.version.components == (
            LicenceFee("fee_1", "base_price", "Base price", "USD", Terms(Flat(Decimal(2_900))), "Pro, one year"),
            Rate("rate_1", "tokens", "Tokens", "USD", Terms(PerUnit(Decimal("0.02")))),
            Entitlement("included_1", "tokens", "Tokens", 5),
        )
        assert pro.version.price == Money(2_900, "USD")
        assert [(group.key, group.is_default) for group in tx.plan_groups.list()] == [
            ("a", True),
            ("b", False),
            ("c", True),
        ]
        tables = tx.pricing_tables.list()
        assert [(table.key, table.is_default, table.language) for table in tables] == [
            ("one", True, "en"),
            ("two", False, "en"),
        ]
        assert tables[0].cards[0].content.features == ("Tokens",)
        assert (tx.billing_settings.find(), tx.billing_settings.is_currency_locked()) == (None, True)
        assert tx.features.get("tokens").max_units is None
    database.close()
