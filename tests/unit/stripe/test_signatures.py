"""Signatures of Stripe's events: what passes, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk._secret import Secret
from billing_sdk.errors import WebhookRefused
from billing_sdk.server.gateways.stripe.objects import read_event
from billing_sdk.server.gateways.stripe.signatures import verify_signature
from billing_sdk.testing.stripe.webhooks import signature

pytestmark = pytest.mark.attack(180)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
BODY = b'{"id": "evt_1"}'
OURS, OLD, THEIRS = "whsec_ours", "whsec_old", "whsec_theirs"


def mac(secret: str, body: bytes = BODY, at: int = AT) -> str:
    return signature(body, secret, at).partition("v1=")[2]


PASSES = {
    "one signature": f"t={AT},v1={mac(OURS)}",
    "in another order": f"v1={mac(OURS)},t={AT}",
    "ours among several": f"t={AT},v1={mac(THEIRS)},v1={mac(OURS)},v1={mac(OLD)}",
    "with a scheme that nobody knows": f"t={AT},v0=1234,v2=5678,v1={mac(OURS)}",
    "with spaces behind the commas": f"t={AT}, v1={mac(OURS)}",
    "five minutes old": signature(BODY, OURS, AT - 300),
    "five minutes ahead": signature(BODY, OURS, AT + 300),
}
REFUSED = {
    "nothing": "",
    "no instant": f"v1={mac(OURS)}",
    "two instants": f"t={AT},t={AT},v1={mac(OURS)}",
    "no signature": f"t={AT}",
    "an empty signature": f"t={AT},v1=",
    "a signature of another scheme": f"t={AT},v0={mac(OURS)}",
    "signed by somebody else": f"t={AT},v1={mac(THEIRS)}",
    "of another instant": f"t={AT},v1={mac(OURS, at=AT - 1)}",
    "of another body": f"t={AT},v1={mac(OURS, BODY + b' ')}",
    "in capital letters": f"t={AT},v1={mac(OURS).upper()}",
    "cut off": f"t={AT},v1={mac(OURS)[:-1]}",
    "too old": signature(BODY, OURS, AT - 301),
    "from the future": signature(BODY, OURS, AT + 301),
    "an instant with a zero in front": f"t=0{AT},v1={mac(OURS)}",
    "an instant below zero": signature(BODY, OURS, -AT),
    "an instant of other digits": f"t={str(AT).replace('1', chr(0x661))},v1={mac(OURS)}",
    "an instant that no clock shows": f"t={'9' * 5_000},v1={mac(OURS)}",
    "letters that are not ASCII": f"t={AT},v1=é{mac(OURS)[1:]}",
    "too many signatures": f"t={AT}" + f",v1={mac(THEIRS)}" * 16 + f",v1={mac(OURS)}",
    "a header without end": f"t={AT},v1={mac(OURS)}" + "," * 4_096,
}


@pytest.mark.parametrize("header", PASSES.values(), ids=PASSES)
def test_what_is_signed_with_our_secret_about_now_passes(header):
    assert verify_signature(BODY, header, [Secret(OURS)], at=NOW) is None


@pytest.mark.parametrize("header", REFUSED.values(), ids=REFUSED)
def test_what_is_not_signed_so_is_refused(header):
    with pytest.raises(WebhookRefused):
        verify_signature(BODY, header, [Secret(OURS)], at=NOW)


def test_without_a_secret_nothing_passes_and_with_two_either_does():
    header = f"t={AT},v1={mac(OURS)}"
    with pytest.raises(WebhookRefused):
        verify_signature(BODY, header, [], at=NOW)
    assert verify_signature(BODY, header, [Secret(OLD), Secret(OURS)], at=NOW) is None


def test_less_than_a_second_does_not_widen_the_five_minutes():
    with pytest.raises(WebhookRefused):
        verify_signature(BODY, signature(BODY, OURS, AT - 300), [Secret(OURS)], at=NOW + timedelta(milliseconds=1))


EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "created": AT,
    "livemode": False,
    "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_1", "payment_intent": {"id": "pi_1"}}},
}


def test_of_an_event_only_ids_are_read():
    about = read_event(EVENT)
    assert (about.event_id, about.event_type, about.id, about.created_at) == ("evt_1", "invoice.paid", "in_1", NOW)
    assert (about.invoice, about.payer, about.payment, about.account_id, about.is_live) == (
        "in_1",
        "cus_1",
        "pi_1",
        None,
        False,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"object": "invoice"},
        {"id": ""},
        {"id": 7},
        {"id": "evt\n"},
        {"id": "e" * 256},
        {"type": None},
        {"type": "t" * 65},
        {"created": "now"},
        {"created": True},
        {"created": -1},
        {"created": 10**12},
        {"livemode": "false"},
        {"livemode": None},
        {"account": 1},
        {"data": None},
        {"data": {}},
        {"data": {"object": []}},
    ],
)
def test_what_is_no_event_is_refused(change):
    with pytest.raises(WebhookRefused):
        read_event(EVENT | change)
    with pytest.raises(WebhookRefused):
        read_event([EVENT])
