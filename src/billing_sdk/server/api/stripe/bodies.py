"""Bodies that come in and answers that go out.

A `Body` is JSON, as v2 has it; a `FormBody` is a form, as v1 has it, where JSON is read as well. Both refuse unknown
members. An answer is a `View`: all of its members are shown, null where there is nothing. A member that not every
version has says so in its type::

    latest_version: Annotated[Id, Until("2026-06-10")]
    service_cycle: Annotated[Cycle | None, Since("2026-04-22")] = None

`Since` is the first version that has it, `Until` the first that no longer has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias, get_type_hints

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, SerializationInfo, SerializerFunctionWrapHandler, model_serializer
from pydantic.functional_validators import model_validator
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.stripe.forms import read_form
from billing_sdk.server.api.stripe.rendering import Rendering
from billing_sdk.server.api.stripe.versions import ApiVersion
from billing_sdk.server.web import FORM_TYPE, read_json

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
JSON_TYPE: Final = "application/json"
# A whole body in JSON: 1 MB is the server's own bound, and no call has more members than this.
MOST_MEMBERS: Final = 10_000
# Stands for a body that can't be read; no operation takes a text for one.
UNREADABLE: Final = "unreadable"
# What a shell makes of a document whose quotes were not quoted: {live_version:latest}. It has one meaning.
BARE: Final = re.compile(rb"\{[a-z_]{1,64}:[a-z0-9_.-]{1,200}(?:,[a-z_]{1,64}:[a-z0-9_.-]{1,200}){0,9}\}")


class Body(BaseModel):
    """A body of v2: nothing is converted but numbers, which may be texts (see `values`)."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


class FormBody(BaseModel):
    """A body of v1, or a part of one. Every value of a form is a text; an empty one takes away what was there.

    So a member that was sent empty is None, and one that was left out is not among `model_fields_set`.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: None if value == "" else value for name, value in data.items()}


class Since(NamedTuple):
    """Marks a member that came with a version."""

    date: str

    def shows(self, version: ApiVersion) -> bool:
        """Tell whether a version has the member."""
        return not version.is_before(self.date)


class Until(NamedTuple):
    """Marks a member that went with a version."""

    date: str

    def shows(self, version: ApiVersion) -> bool:
        """Tell whether a version has the member."""
        return version.is_before(self.date)


class View(BaseModel):
    """An answer, or a part of one; see the module for members that only some versions have."""

    model_config = ConfigDict(serialize_by_alias=True, arbitrary_types_allowed=True)

    spans: ClassVar[dict[str, tuple[Since | Until, ...]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Note which members only some versions have."""
        super().__pydantic_init_subclass__(**kwargs)
        found = {
            field.serialization_alias or name: tuple(one for one in field.metadata if isinstance(one, Since | Until))
            for name, field in cls.model_fields.items()
        }
        cls.spans = {name: spans for name, spans in found.items() if spans}

    @model_serializer(mode="wrap")
    def _in_shape(self, show: SerializerFunctionWrapHandler, info: SerializationInfo[Any]) -> dict[str, Any]:
        shown: dict[str, Any] = show(self)
        version = Rendering.of(info).version
        for name, spans in self.spans.items():
            if not all(one.shows(version) for one in spans):
                del shown[name]
        return shown


class StripeRoute(APIRoute):
    """A route that reads forms and JSON strictly, and answers what is rendered for the caller's version."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        answers = get_type_hints(endpoint).get("return")
        if not (isinstance(answers, type) and issubclass(answers, Response)):
            raise TypeError(f"{endpoint.__name__} answers {answers}, which nobody has rendered; see `Answering`")
        super().__init__(path, endpoint, **{**options, "response_model": None})

    def get_route_handler(self) -> Handler:
        """Return the handler with the strict reader in front."""
        handle = super().get_route_handler()

        async def read_strictly(request: Request) -> Response:
            strict = _StripeRequest({**request.scope, "headers": _as_json(request)}, request.receive)
            try:
                return await handle(strict)
            except RequestValidationError:
                if strict.unreadable is not None:
                    raise strict.unreadable from None
                raise

        return read_strictly


class _StripeRequest(Request):
    """A request whose body is read here, whatever it is; none at all is an object without members.

    Attributes:
        unreadable: why the body can't be read. It is raised only after who is calling was found out.
    """

    unreadable: InvalidRequest | None = None

    async def body(self) -> bytes:
        sent = await super().body()
        return sent if sent or self.method != "POST" else b"{}"

    async def json(self) -> Any:
        try:
            found = _read(await super().body(), self.state.sent_as, may_be_form=self.app.state.api == "v1")
        except InvalidRequest as error:
            self.unreadable = error
            return UNREADABLE
        if isinstance(found, dict) and self.app.state.api == "v1":
            self.state.expand = found.pop("expand", None)
        return found


def _as_json(request: Request) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request with JSON as the type of its body, which `json` is asked for in any case."""
    given = request.headers.getlist("content-type")
    request.state.sent_as = given[0].lower() if len(given) == 1 else "" if not given else "several"
    headers = [header for header in request.scope["headers"] if header[0] != b"content-type"]
    return [*headers, (b"content-type", JSON_TYPE.encode())]


def _read(sent: bytes, sent_as: str, *, may_be_form: bool) -> Any:
    """Return what a body says.

    Raises:
        InvalidRequest: it can't be read, or is of another type than this API has.
    """
    if not sent:
        return {}
    kind, _, parameters = sent_as.partition(";")
    if parameters.replace('"', "").strip() not in ("", "charset=utf-8"):
        raise InvalidRequest("the body must be UTF-8, and say nothing else of itself", parameter="content-type")
    if kind.strip() == JSON_TYPE:
        found = _bare(sent) if BARE.fullmatch(sent) else read_json(sent)
        if _counts_more(found, MOST_MEMBERS):
            raise InvalidRequest(f"the body has more than {MOST_MEMBERS} members")
        return found
    if may_be_form and kind.strip() in (FORM_TYPE, ""):
        return read_form(sent)
    wanted = f"{FORM_TYPE} or {JSON_TYPE}" if may_be_form else JSON_TYPE
    raise InvalidRequest(f"the body must be {wanted}", parameter="content-type")


def _bare(sent: bytes) -> dict[str, str]:
    """Return the members of a document without quotes, all of which are texts.

    Raises:
        InvalidRequest: it names a member twice.
    """
    members = sent.decode()[1:-1].split(",")
    found = dict(member.split(":", 1) for member in members)
    if len(found) != len(members):
        raise InvalidRequest("the body names a member twice")
    return found


def _counts_more(document: Any, most: int) -> bool:
    waiting, count = [document], 0
    while waiting and count <= most:
        found = waiting.pop()
        if isinstance(found, dict | list):
            members = list(found.values()) if isinstance(found, dict) else found
            count += len(members)
            waiting += members
    return count > most
