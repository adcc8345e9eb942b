"""Bodies that come in and answers that go out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Self, TypeAlias

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, PayloadTooLarge
from billing_sdk.server.web import read_json

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
MEDIA_TYPES = ("application/json",)


class Body(BaseModel):
    """A body that a client sends: unknown properties are refused, nothing is converted on the quiet.

    Attributes:
        nullable: the fields that may be null; null in any other is refused, since leaving it out says the same.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    nullable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_null(cls, data: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse null together with all else that is wrong: validators of single fields can't stand before tags."""
        if not isinstance(data, dict):
            return read(data)
        nulls = [name for name in cls.model_fields if name not in cls.nullable and data.get(name, ...) is None]
        if not nulls:
            return read(data)
        forbidden = PydanticCustomError("null_forbidden", "value is not nullable")
        faults = [InitErrorDetails(type=forbidden, loc=(name,), input=None) for name in nulls]
        try:
            read(data)
        except ValidationError as error:
            others = [one for one in error.errors() if not one["loc"] or one["loc"][0] not in nulls]
            faults += [InitErrorDetails(type=_again(one), loc=one["loc"], input=one["input"]) for one in others]
        raise ValidationError.from_exception_data(cls.__name__, faults)


def _again(fault: ErrorDetails) -> PydanticCustomError:
    told = {**fault.get("ctx", {}), "told": fault["msg"]}
    return PydanticCustomError(fault["type"], "{told}", told)


class View(BaseModel):
    """An answer. A field whose value is its default, which is None for all of them, is left out."""

    model_config = ConfigDict(serialize_by_alias=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a default that would be left out although it says something."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            if not field.is_required() and field.default is not None:
                raise TypeError(f"{cls.__name__}.{name} has a default other than None, which would never be shown")


class KonnectRoute(APIRoute):
    """A route whose bodies go through the server's one strict JSON reader, and whose answers leave defaults out."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "response_model_exclude_defaults": True})

    def get_route_handler(self) -> Handler:
        """Return the handler with the strict reader in front."""
        handle = super().get_route_handler()

        async def read_strictly(request: Request) -> Response:
            strict = _StrictRequest(request.scope, request.receive)
            if await strict.body():
                _check_content_type(request)
            return await handle(strict)

        return read_strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        try:
            return read_json(await self.body())
        except PayloadTooLarge:
            raise
        except InvalidRequest as error:
            raise InvalidRequest(f"unable to parse body: {error.detail}", parameter="body") from None


def _check_content_type(request: Request) -> None:
    given = request.headers.getlist("content-type")
    kind, _, parameters = (given[0] if len(given) == 1 else "").lower().partition(";")
    if kind.strip() not in MEDIA_TYPES or parameters.replace('"', "").strip() not in ("", "charset=utf-8"):
        raise InvalidRequest("the body must be application/json", parameter="content-type", source="header")
