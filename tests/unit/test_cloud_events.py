"""CloudEvents: what is an event, and what is refused by itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.web.cloud_event_headers import event_in_headers
from billing_sdk.server.web.cloud_events import CloudEvent, Refused, read_quickly, read_with_care

USUAL = {"specversion": "1.0", "source": "/app", "id": "1", "type": "tokens", "subject": "customer_1"}


def written(**change):
    return json.dumps({**USUAL, **change}).encode()


def read(body):
    quick = read_quickly(body)
    return read_with_care(body) if quick is None else quick


def test_an_event_of_the_usual_shape_is_read_whole_and_exactly():
    body = b'{"specversion":"1.0","source":"/a","id":"1","type":"t","subject":"s","time":"2026-01-01T01:00:00.5+01:00",'
    event = read_quickly(
        body + b'"data":{"value":0.10,"big":123456789012345678901234567890,"of":{"model":["m",{"x":1}]}}}'
    )
    assert event is not None
    assert event.time == datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert event.data == {
        "value": Decimal("0.10"),
        "big": 123456789012345678901234567890,
        "of": {"model": ["m", {"x": 1}]},
    }


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
SIMPLE = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXT
INNER = st.recursive(SIMPLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner), max_leaves=6)


@given(st.dictionaries(TEXT, INNER, max_size=4))
def test_both_readers_read_the_same(data):
    body = written(data=data)
    quick = read_quickly(body)
    careful = read_with_care(body)
    assert isinstance(careful, CloudEvent)
    assert careful.data == data
    assert quick is None or quick == careful


@pytest.mark.parametrize("body", [written(time=None, data=None), written(), written(datacontenttype=None)])
def test_an_attribute_of_null_is_one_that_is_left_out(body):
    event = read(body)
    assert (event.time, event.data, event.datacontenttype) == (None, None, None)


def test_extension_attributes_are_accepted_and_not_kept():
    event = read(written(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", sampledrate=1))
    assert isinstance(event, CloudEvent)
    assert not hasattr(event, "traceparent")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/vnd.acme+json", "text/json"]
)
def test_data_that_says_it_is_json_is_taken(kind):
    assert isinstance(read(written(datacontenttype=kind)), CloudEvent)


REFUSED = {
    "no source": ({"source": None}, "source"),
    "an empty source": ({"source": ""}, "source"),
    "a source that is no reference": ({"source": "/a b"}, "source"),
    "a source of this server's own": ({"source": "agreement/agreement_1"}, "source"),
    "a long id": ({"id": "x" * 256}, "id"),
    "an id that is a number": ({"id": 1}, "id"),
    "no subject": ({"subject": None}, "subject"),
    "an empty type": ({"type": ""}, "type"),
    "another version": ({"specversion": "0.3"}, "specversion"),
    "no version": ({"specversion": None}, "specversion"),
    "data that is a list": ({"data": [1]}, "data"),
    "data that is a text": ({"data": "1"}, "data"),
    "data in Base64": ({"data_base64": "MQ=="}, "data_base64"),
    "data that is no JSON": ({"datacontenttype": "text/plain"}, "datacontenttype"),
    "an attribute with a capital": ({"traceParent": "1"}, "traceParent"),
    "an attribute with a line": ({"created_at": "1"}, "created_at"),
    "__proto__": ({"__proto__": {}}, "__proto__"),
}


@pytest.mark.attack(149)
@pytest.mark.parametrize("wrong", REFUSED)
def test_an_event_that_is_none_is_refused_by_the_name_of_the_attribute(wrong):
    change, parameter = REFUSED[wrong]
    refused = read(written(**change))
    assert isinstance(refused, Refused)
    assert refused.error.facts["parameter"] == parameter


TIMES = [
    "2026-01-01",
    "2026-W01-1",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:60Z",
    "0000-01-01T00:00:00Z",
    "now",
    1767225600,
]


@pytest.mark.attack(142)
@pytest.mark.parametrize("time", TIMES)
def test_a_time_that_is_not_rfc_3339_with_an_offset_is_refused(time):
    refused = read(written(time=time))
    assert isinstance(refused, Refused)
    assert refused.error.facts["parameter"] == "time"


def around(parts):
    """Return an event whose attributes are written as they are given, in place of the usual."""
    usual = {"specversion": '"1.0"', "source": '"/a"', "id": '"1"', "type": '"t"', "subject": '"s"'}
    left = [f'"{name}":{value}' for name, value in usual.items() if f'"{name}"' not in parts]
    return ("{" + ",".join([*left, parts]) + "}").encode()


TRICKS = {
    "an attribute twice": around('"id":"1","id":"2"'),
    "a member of the data twice": around('"data":{"v":1,"v":2}'),
    "deeper in the data twice": around('"data":{"v":[{"x":1,"x":2}]}'),
    "twice, and a space before a colon": around('"type" :"t","id":"1","id":"2"'),
    "twice, and a quote before a colon": around('"id":"\\":","data":{"v":1,"v":2}'),
    "twice, spelt differently": around('"id":"1","\\u0069d":"2"'),
    "41 digits": around('"data":{"v":' + "1" * 41 + "}"),
    "a million digits": around('"data":{"v":' + "1" * 1_000_000 + "}"),
    "an overflow": around('"data":{"v":1e400}'),
    "a huge exponent": around('"data":{"v":1E+999999}'),
    "a NUL": around('"id":"\\u0000"'),
    "a NUL in the data": around('"data":{"\\u0000":1}'),
    "half a character": around('"data":{"v":"\\ud800"}'),
    "depth": around('"data":{"v":' + "[" * 40 + "]" * 40 + "}"),
}


@pytest.mark.attack(140, 149)
@pytest.mark.parametrize("trick", TRICKS)
def test_an_event_with_two_meanings_or_none_is_refused_and_the_others_of_its_batch_are_taken(trick):
    good = written(id="good")
    first, refused, last = read(b"[" + b",".join((good, TRICKS[trick], good)) + b"]")
    assert isinstance(refused, Refused)
    assert "can't be read" in refused.error.detail
    assert isinstance(first, CloudEvent)
    assert first == last


@pytest.mark.attack(149)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[", b'{"a": NaN}', b"\xef\xbb\xbf{}", b'{"a":"\xff"}', b"{} {}", b"[" * 100_000, b"specversion=1.0"],
)
def test_a_body_that_is_no_json_document_is_refused_whole(body):
    assert read_quickly(body) is None
    with pytest.raises(InvalidRequest, match="the body can't be read"):
        read_with_care(body)


def in_headers(body=b"", **attributes):
    given = {"specversion": "1.0", "source": "/app", "id": "1", "type": "tokens", "subject": "customer_1", **attributes}
    return event_in_headers([(b"ce-" + name.encode(), value.encode("latin-1")) for name, value in given.items()], body)


def test_an_event_in_headers_is_the_event_in_json():
    event = in_headers(b'{"value": 5}', time="2026-01-01T00:00:00Z")
    assert event == read(written(time="2026-01-01T00:00:00Z", data={"value": 5}))


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("caf%C3%A9", "café"),
        ("a%20%22b%22", 'a "b"'),
        ("100%2525", "100%25"),
        ('"a \\"b\\""', 'a "b"'),
        ("%e2%82%ac%F0%9F%98%80", "€😀"),
        ("a b", "a b"),
    ],
)
def test_the_value_of_a_header_is_decoded_once(sent, meant):
    assert in_headers(id=sent).id == meant


@pytest.mark.attack(149)
@pytest.mark.parametrize("sent", ["caf\xe9", "%", "%zz", "%ff", "%ed%a0%80", "\x7f"])
def test_a_header_that_can_not_be_decoded_is_refused(sent):
    with pytest.raises(InvalidRequest) as refused:
        in_headers(id=sent)
    assert refused.value.facts["parameter"] == "ce-id"


@pytest.mark.attack(149)
@pytest.mark.parametrize("sent", ["", "%00", '""'])
def test_a_header_whose_value_is_none_is_refused(sent):
    assert isinstance(in_headers(id=sent), Refused)


@pytest.mark.parametrize("name", ["data", "datacontenttype", "trace_parent", "Id"])
def test_a_header_that_is_no_attribute_is_refused_by_name(name):
    with pytest.raises(InvalidRequest) as refused:
        in_headers(**{name: "1"})
    assert refused.value.facts["parameter"] == f"ce-{name}"


def test_a_header_that_is_there_twice_is_refused():
    with pytest.raises(InvalidRequest, match="ce-id is given twice"):
        event_in_headers([(b"ce-id", b"1"), (b"ce-id", b"2")], b"")
