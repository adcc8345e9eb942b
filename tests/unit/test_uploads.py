"""Forms with files: taken apart within bounds, whatever they look like."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from billing_sdk.errors import InvalidRequest, UnsupportedMediaType
from billing_sdk.server.web import upload_of

LINE = "\r\n"


def request_with(body, content_type="multipart/form-data; boundary=b"):
    headers = [(b"content-type", content_type.encode())]
    request = Request({"type": "http", "headers": headers, "query_string": b"", "path": "/", "state": {}})
    request.state.body = body
    return request


def part(name, content, filename=None):
    named = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return f"--b{LINE}Content-Disposition: {named}{LINE}{LINE}".encode() + content + LINE.encode()


def form(*parts):
    return b"".join(parts) + b"--b--\r\n"


def test_fields_and_files_are_told_apart_by_whether_a_file_was_meant():
    body = form(part("name", "Ä\r\nB".encode()), part("logo", b"\x89PNG\r\n", "../x.png"), part("icon", b"", ""))
    upload = upload_of(request_with(body))
    assert upload.fields == {"name": "Ä\nB"}
    assert upload.files == {"logo": b"\x89PNG\r\n"}
    assert "PNG" not in repr(upload)


def test_a_form_that_brings_no_files_is_one_too():
    request = request_with(b"name=A&accent=%23fff", "application/x-www-form-urlencoded; charset=utf-8")
    assert upload_of(request).fields == {"name": "A", "accent": "#fff"}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/json", "multipart/form-data", f"multipart/form-data; boundary={'b' * 71}", ""],
)
def test_what_is_no_form_is_refused(content_type):
    with pytest.raises(UnsupportedMediaType):
        upload_of(request_with(b"name=A", content_type))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"name=A",
        part("name", b"A"),
        form(part("name", b"A"), part("name", b"B")),
        form(part("name", b"A"), part("name", b"B", "x")),
        form(part("name", b"A\x00")),
        form(part("name", b"\xff")),
        form(*(part(f"field_{number}", b"") for number in range(1_001))),
        b"--b\r\n" + b"X: y\r\n" * 50 + b"\r\n\r\n--b--\r\n",
    ],
)
def test_a_form_that_is_cut_off_doubled_or_endless_is_refused(body):
    with pytest.raises(InvalidRequest):
        upload_of(request_with(body))
