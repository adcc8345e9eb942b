"""What events are about, under the names that clients know."""

from __future__ import annotations

import pytest

from billing_sdk.server.api.stripe.event_subjects import KINDS, SNAPSHOT_IDS, related, subjects_of
from billing_sdk.server.api.stripe.ids import PREFIXES
from billing_sdk.server.api.stripe.snapshots import SHOWERS
from billing_sdk.server.outbox.pointing import SNAPSHOT, THIN

DIGITS, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def test_every_thin_event_is_about_a_kind_whose_ids_are_known() -> None:
    kinds = {kind.removeprefix("v2.billing.").removeprefix("v1.") for kind in THIN}
    assert kinds <= set(KINDS)
    assert {id_kind for kind in KINDS.values() for id_kind in kind.ids} - {"rate_card_subscription"} <= {
        *PREFIXES,
        "pricing_plan",
    }


def test_every_snapshot_shows_its_object() -> None:
    assert set(SNAPSHOT) <= set(SHOWERS)
    assert {SNAPSHOT_IDS.get(kind, kind) for kind in SNAPSHOT} <= set(PREFIXES)


@pytest.mark.parametrize(
    ("subject", "shown_id", "url"),
    [
        ("pricing_plan/bpp_test_1", "bpp_test_1", "/v2/billing/pricing_plans/bpp_test_1"),
        (f"cadence/cadence_{DIGITS}", f"bc_test_{DIGITS}", f"/v2/billing/cadences/bc_test_{DIGITS}"),
        (
            f"rate_card_subscription/agreement_{DIGITS}/card_{OTHER}",
            f"rcds_test_{DIGITS}{OTHER}",
            f"/v2/billing/rate_card_subscriptions/rcds_test_{DIGITS}{OTHER}",
        ),
        (f"billing.meter/meter_{DIGITS}", f"mtr_test_{DIGITS}", f"/v1/billing/meters/mtr_test_{DIGITS}"),
        (f"metered_item/item_{DIGITS}", f"bli_test_{DIGITS}", f"/v2/billing/metered_items/bli_test_{DIGITS}"),
    ],
)
def test_a_subject_leads_to_the_object_and_is_found_by_its_id(subject: str, shown_id: str, url: str) -> None:
    found = related(subject, is_live=False)
    assert found is not None
    assert (found.id, found.url) == (shown_id, url)
    assert subject in subjects_of(shown_id)


@pytest.mark.parametrize(
    ("subject", "url"),
    [
        (
            f"rate_card_rate/card_{DIGITS}/rate_{OTHER}",
            f"/v2/billing/rate_cards/rcd_test_{DIGITS}/rates/rcdr_test_{OTHER}",
        ),
        (
            f"license_fee_version/fee_{DIGITS}/version_{OTHER}",
            f"/v2/billing/license_fees/licf_test_{DIGITS}/versions/licfv_test_{OTHER}",
        ),
        (
            f"pricing_plan_version/bpp_test_1/version_{OTHER}",
            f"/v2/billing/pricing_plans/bpp_test_1/versions/bppv_test_{OTHER}",
        ),
        (
            f"pricing_plan_component/bpp_test_1/component_{OTHER}",
            f"/v2/billing/pricing_plans/bpp_test_1/components/bppc_test_{OTHER}",
        ),
    ],
)
def test_what_lies_within_something_else_is_fetched_there(subject: str, url: str) -> None:
    found = related(subject, is_live=False)
    assert found is not None
    assert found.url == url


def test_live_ids_say_nothing_of_a_test() -> None:
    found = related(f"cadence/cadence_{DIGITS}", is_live=True)
    assert found is not None
    assert found.id == f"bc_{DIGITS}"


@pytest.mark.parametrize("text", ["", "rcds_test_1", "nobody_" + DIGITS, "evt_" + DIGITS])
def test_an_id_of_nothing_finds_nothing(text: str) -> None:
    assert all(subject.startswith("pricing_plan/") for subject in subjects_of(text))
