"""Use that a gate let in without the server: it is counted for whoever's plan includes the feature."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from billing_sdk import Entitlement
from billing_sdk.contrib._guard import NeedsUnits
from billing_sdk.contrib._meter import uncounted
from tests.unit.contrib.making import AT, session, snapshot


@pytest.mark.parametrize(
    ("org_code", "agreements", "subject", "or_else"),
    [
        ("org_1", {"tokens": "agreement_own"}, "agreement_own", None),
        ("org_1", {"images": "agreement_own"}, "org_1", "kp_ada"),
        ("org_1", None, "org_1", "kp_ada"),
        (None, None, "kp_ada", None),
    ],
    ids=str,
)
def test_its_subject_is_the_agreement_that_is_known_to_include_the_feature_or_else_whoever_asks(
    org_code: str | None, agreements: dict[str, str] | None, subject: str, or_else: str | None
) -> None:
    known = None
    if agreements is not None:
        found = tuple(Entitlement(f"e_{key}", key, agreement_id=one) for key, one in agreements.items())
        known = replace(snapshot(), entitlements=found)
    leases = SimpleNamespace(journal=object())
    client = SimpleNamespace(usage=SimpleNamespace(leases=leases), config=SimpleNamespace(m2m_client_id="machine"))
    application: Any = SimpleNamespace(client=client, snapshots=SimpleNamespace(last=lambda _: known), now=lambda: AT)
    metered = uncounted(NeedsUnits("tokens"), application, session(org_code=org_code))
    assert metered.event is not None
    assert (metered.event["subject"], metered.or_else) == (subject, or_else)
