"""What the simulator refuses, in the words and with the codes of Stripe's documentation ("Errors", "Error codes")."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """An answer that is an error.

    Attributes:
        status: of HTTP.
        error: what stands under `error` in the body.
        is_kept: whether an idempotency key remembers it: what never began to be done is not remembered.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        is_kept: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        given = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.error: Json = {name: value for name, value in given.items() if value is not None}
        self.is_kept = is_kept


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> Refusal:
    """Return the error of a request that can't be done as it is put."""
    return Refusal(status, "invalid_request_error", message, code=code, param=param)


def missing(kind: str, object_id: str, *, param: str = "id", status: int = 404) -> Refusal:
    """Return the error of an id that this account does not know."""
    return invalid(f"No such {kind}: '{object_id}'", param=param, code="resource_missing", status=status)


def unauthorized(key: str) -> Refusal:
    """Return the error of a key that is none of ours; it shows no more of the key than Stripe does."""
    shown = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 16 else "****"
    return Refusal(401, "invalid_request_error", f"Invalid API Key provided: {shown}", is_kept=False)


def not_linked(key: str, account_id: str) -> Refusal:
    """Return the error of a platform that calls for an account which has not let it in, or no longer does."""
    return Refusal(
        403,
        "invalid_request_error",
        f"The provided key '{key[:8]}***' does not have access to account '{account_id}' "
        "(or that account does not exist). Application access may have been revoked.",
        code="account_invalid",
        is_kept=False,
    )
