"""The demo catalogue: two plan groups with their plans, an add-on, six features, four pricing tables."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.catalog import Feature, PlanGroup
from billing_sdk.server.domain.metering import own_meter
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.demo_plans import BASE_PRICE, plans_for_people, plans_for_teams
from billing_sdk.server.usecases.demo_tables import demo_tables

# Key, name, and the name of the unit where the feature is metered.
FEATURES = (
    (BASE_PRICE, "Base price", ""),
    ("advanced_reports", "Advanced reports", ""),
    ("priority_support", "Priority support", ""),
    ("sso", "Single sign-on", ""),
    ("ai_tokens", "AI tokens", "token"),
    ("seats", "Seats", "seat"),
)


def seed_catalog(tx: UnitOfWork, *, at: datetime) -> None:
    """Fill an empty catalogue; one that has been filled stays as it is."""
    if tx.plan_groups.list():
        return
    features = {key: _feature(key, name, unit) for key, name, unit in FEATURES}
    for feature in features.values():
        tx.features.add(feature)
        if feature.is_metered:
            tx.meters.add(own_meter(feature, at=at))
    people = PlanGroup(new_id("sbg"), "individuals", "Individuals", "user", is_default=True, position=0)
    teams = PlanGroup(new_id("sbg"), "teams", "Teams", "organization", is_default=True, position=1)
    for group in (people, teams):
        tx.plan_groups.add(group)
    for plan in (*plans_for_people(people, features, at), *plans_for_teams(teams, features, at)):
        tx.catalog.add_plan(plan)
    for table in demo_tables(people, teams):
        tx.pricing_tables.save(table)


def _feature(key: str, name: str, unit_name: str) -> Feature:
    return Feature(new_id("feature"), key, name, "metered" if unit_name else "unmetered", unit_name)
