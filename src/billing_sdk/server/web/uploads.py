"""Forms with files: taken apart within bounds, after the bound on bodies (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from billing_sdk.errors import InvalidRequest, UnsupportedMediaType
from billing_sdk.server.web.endpoint import FORM_TYPE, MAX_FIELDS, body_of, form_of

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

UPLOAD_TYPE: Final = "multipart/form-data"
MAX_BOUNDARY_LENGTH: Final = 70  # RFC 2046, section 5.1.1


@dataclass(frozen=True, slots=True)
class Upload:
    """A form as it was sent.

    Attributes:
        fields: what was typed, each name once.
        files: contents by the name of their field; without those for which nothing was chosen. The names that files
            had on somebody's machine are not kept.
    """

    fields: dict[str, str] = field(repr=False)
    files: dict[str, bytes] = field(repr=False)


@dataclass(slots=True)
class _Part:
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)


def upload_of(request: Request) -> Upload:
    """Return the fields and files of a form; one that was sent without a way to bring files brings none.

    Raises:
        UnsupportedMediaType: the body is no form.
        InvalidRequest: it can't be taken apart, a name is repeated, or there are too many.
    """
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if media_type == FORM_TYPE.encode():
        return Upload(form_of(request), {})
    if media_type != UPLOAD_TYPE.encode() or not 0 < len(boundary) <= MAX_BOUNDARY_LENGTH:
        raise UnsupportedMediaType(f"the body must be {UPLOAD_TYPE} or {FORM_TYPE}")
    reader = _Reader()
    try:
        parser = MultipartParser(boundary, reader.callbacks)
        parser.write(body_of(request))
        parser.finalize()
    except MultipartParseError:
        raise InvalidRequest("the form can't be read") from None
    if not reader.is_complete:
        raise InvalidRequest("the form ends too early")
    return _named(reader.parts)


class _Reader:
    """Hears of a form piece by piece."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.is_complete = False
        self.callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_part_data": lambda data, start, end: self.parts[-1].content.extend(data[start:end]),
            "on_header_field": lambda data, start, end: self.parts[-1].header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self.parts[-1].value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == MAX_FIELDS:
            raise InvalidRequest("the form has too many fields")
        self.parts.append(_Part())

    def _end_header(self) -> None:
        part = self.parts[-1]
        part.headers[bytes(part.header).lower()] = bytes(part.value)
        part.header.clear()
        part.value.clear()

    def _end(self) -> None:
        self.is_complete = True


def _named(parts: list[_Part]) -> Upload:
    upload = Upload({}, {})
    seen: set[str] = set()
    for part in parts:
        _, options = parse_options_header(part.headers.get(b"content-disposition", b""))
        try:
            name = options.get(b"name", b"").decode()
            text = "" if b"filename" in options else part.content.decode()
        except UnicodeDecodeError:
            raise InvalidRequest("the form is not UTF-8") from None
        if name in seen:
            raise InvalidRequest(f"{name[:64]!r} is given twice", parameter=name[:64])
        if "\x00" in name + text:
            raise InvalidRequest(f"{name[:64]!r} contains a NUL", parameter=name[:64])
        seen.add(name)
        if b"filename" not in options:
            # A form's line break is two characters, whatever was typed (HTML, "form data set encoding").
            upload.fields[name] = text.replace("\r\n", "\n")
        elif part.content:
            upload.files[name] = bytes(part.content)
    return upload
