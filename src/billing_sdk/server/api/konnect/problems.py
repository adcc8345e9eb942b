"""Problem documents: how everything that is refused looks at this door (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from billing_sdk.errors import BillingError, InvalidRequest, NotFound, RouteNotFound
from billing_sdk.server.api.konnect.parameters import BAD_BODY, InvalidParameter, invalid_parameters_of
from billing_sdk.server.web import as_told, error_headers, request_id_of
from billing_sdk.server.web.handlers import ErrorHandler, error_handlers


class Kind(NamedTuple):
    """What all problems of a status have in common; without a detail each says its own."""

    title: str
    suffix: str
    detail: str | None = None


KINDS: dict[int, Kind] = {
    400: Kind("Bad Request", "bad-request"),
    401: Kind("Unauthenticated", "unauthenticated", "A valid token is required"),
    403: Kind("Forbidden", "unauthorized", "Permission denied"),
    404: Kind("Not Found", "not-found"),
    405: Kind("Method Not Allowed", "method-not-allowed", "The requested method is not allowed"),
    409: Kind("Conflict", "resource-conflict"),
    410: Kind("Gone", "gone", "The requested resource is no longer available"),
    412: Kind("Precondition Failed", "precondition-failed"),
    429: Kind("Rate Limited", "rate-limited", "Too many requests"),
    500: Kind("Internal", "internal", "An internal failure occurred"),
    501: Kind("Not Implemented", "not-implemented"),
    503: Kind("Unavailable", "unavailable", "The requested service is unavailable"),
}
# Facts that say which part of the request is wrong; they have their place in `invalid_parameters`.
OF_PARAMETERS = frozenset(
    {"parameter", "source", "rule", "choices", "dependents", "invalid_parameters", "published_code"}
)
PUBLISHED = frozenset({"status", "title", "type", "instance", "detail", "invalid_parameters"})
# A status that this door does not have, and the one that stands for it.
INSTEAD = {402: 409, 413: 400, 415: 400, 422: 400, 424: 409}


def problem(
    request: Request,
    status: int,
    detail: str | None = None,
    invalid_parameters: Sequence[InvalidParameter] = (),
    *,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem document.

    Args:
        request: what is refused.
        status: one that this door has.
        detail: what is wrong; the status's own words where it has some.
        invalid_parameters: what of the request is wrong; at least one where the status is 400.
        members: further members; those that are published stay as they are.
        headers: of the answer.
    """
    kind = KINDS.get(status, KINDS[500])
    document: dict[str, Any] = {name: value for name, value in (members or {}).items() if name not in PUBLISHED}
    document |= {
        "status": status,
        "title": kind.title,
        "type": f"https://kongapi.info/konnect/{kind.suffix}",
        "instance": f"urn:request:{request_id_of(request)}",
        "detail": kind.detail or detail or kind.title,
    }
    if status == 400:
        found = [*dict.fromkeys(invalid_parameters)] or [BAD_BODY]
        document["invalid_parameters"] = [one.shown for one in found]
        document["detail"] = _detail_of(found[0]) if not detail else f"Bad Request: {detail}"
    return JSONResponse(document, status, dict(headers or {}), media_type="application/problem+json")


def error_answer(request: Request, error: BillingError) -> JSONResponse:
    """Return an error as a problem, with its code, its remedy and its facts as members of their own."""
    error = as_told(request, error)
    status = INSTEAD.get(error.status, error.status)
    detail = error.detail
    if isinstance(error, NotFound):
        noun = "route" if isinstance(error, RouteNotFound) else error.facts.get("entity") or _noun_of(request)
        detail = f"The requested {noun} was not found"
    if error.status == 402:
        status, detail = _unpaid(request, detail)
    facts = {name: value for name, value in error.facts.items() if name not in OF_PARAMETERS}
    return problem(
        request,
        status,
        detail,
        _parameters_of(error),
        members={
            **facts,
            "code": error.facts.get("published_code", error.code),
            "remedy": error.remedy,
            "reason": error.detail,
        },
        headers=error_headers(request, error),
    )


def exception_handlers() -> dict[int | type[Exception], ErrorHandler]:
    """Return the handlers that make a problem of every error."""
    return error_handlers(error_answer, _on_bad_request)


def _on_bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
    faults = error.errors()
    if any(fault["loc"][0] == "path" for fault in faults):
        # Nothing has an id of another form.
        return error_answer(request, NotFound(entity=_noun_of(request)))
    members = {"code": InvalidRequest.code, "remedy": InvalidRequest.default_remedy}
    return problem(request, 400, None, invalid_parameters_of(faults), members=members)


def _parameters_of(error: BillingError) -> list[InvalidParameter]:
    facts = error.facts
    if "invalid_parameters" in facts:
        return [InvalidParameter(**one) for one in facts["invalid_parameters"]]
    return [
        InvalidParameter(
            field=str(facts.get("parameter", "body")),
            reason=error.detail,
            rule=str(facts.get("rule", "invalid")),
            source=str(facts.get("source", "body")),
            choices=tuple(facts.get("choices", ())),
            dependents=tuple(facts.get("dependents", ())),
        )
    ]


def _unpaid(request: Request, detail: str) -> tuple[int, str]:
    """Return how this door says that nobody can be charged: no operation of it answers 402."""
    if "/subscriptions" in request.url.path:
        return 409, f"invalid billing setup: {detail}"
    return 400, detail


def _noun_of(request: Request) -> str:
    """Return what kind of thing an address names last, such as `customer`."""
    route = request.scope.get("route")
    parts = str(getattr(route, "path", "")).strip("/").split("/")
    places = [place for place, part in enumerate(parts) if part.startswith("{")]
    noun = parts[places[-1] - 1] if places and places[-1] else parts[0]
    return noun.removesuffix("s").replace("-", " ") or "resource"


def _detail_of(found: InvalidParameter) -> str:
    return f"Bad Request: {found.field} [{found.rule}]: {found.reason}"
