"""What a server answers to any request that it refuses."""

from __future__ import annotations

from billing_sdk.errors._root import BillingError


class APIError(BillingError):
    """The billing server refused a request."""

    code = "api_error"
    title = "Request refused"
    default_remedy = "See the code and the detail."

    request_id: str | None = None
    http_status: int | None = None


class InvalidRequest(APIError):
    """A parameter is missing, unknown or malformed; the detail names it."""

    code = "invalid_request"
    status = 400
    title = "Invalid request"
    default_remedy = "Correct the named parameter and send again."


class Unauthenticated(APIError):
    """A request carries no usable credential."""

    code = "unauthenticated"
    status = 401
    title = "Not signed in"
    default_remedy = "Send a valid token."


class Forbidden(APIError):
    """The credential is valid and does not allow this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"
    default_remedy = "Ask for the scope or permission that the detail names."


class NotFound(APIError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"
    status = 404
    title = "Not found"
    default_remedy = "Check the id and the environment."


class RouteNotFound(NotFound):
    """The path is not part of the API."""

    code = "route_not_found"
    title = "No such route"
    default_remedy = "Check the path against the reference."


class MethodNotAllowed(APIError):
    """The path exists and does not take this method."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"
    default_remedy = "Use a method that the Allow header lists."


class Conflict(APIError):
    """The request does not fit the present state."""

    code = "conflict"
    status = 409
    title = "Conflict"
    default_remedy = "Read the present state and decide again."


class Gone(APIError):
    """The thing was deleted; it can be read, and changed no more."""

    code = "gone"
    status = 410
    title = "Gone"
    default_remedy = "Make a new one."


class MailNeeded(APIError):
    """A kind of mail was to be switched off without which people are locked out of their accounts."""

    code = "mail_needed"
    status = 409
    title = "This mail is needed"
    default_remedy = "Leave it on: people set a password and confirm an e-mail address by its link."


class PreconditionFailed(APIError):
    """A thing is no longer what the If-Match header says; somebody else has changed it."""

    code = "precondition_failed"
    status = 412
    title = "Changed by somebody else"
    default_remedy = "Read it again, and send the change with its new ETag."


class PayloadTooLarge(APIError):
    """A body is larger than the route accepts."""

    code = "payload_too_large"
    status = 413
    title = "Body too large"
    default_remedy = "Send less at once."


class UnsupportedMediaType(APIError):
    """A body is not of the type that the route reads."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported body type"
    default_remedy = "Send the content type that the reference names."


class RateLimited(APIError):
    """Too many requests in too little time; the Retry-After header says when to go on."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"
    default_remedy = "Wait for the time that Retry-After names."


class ServerBusy(APIError):
    """The server serves as many requests as it can; the header `Retry-After` says when to try again."""

    code = "server_busy"
    status = 503
    title = "Server busy"
    default_remedy = "Wait for retry_after_seconds, then try again; nothing was changed."


class ServerFault(APIError):
    """The server failed; the request id finds the cause in its log."""

    code = "server_fault"
    status = 500
    title = "Server fault"
    default_remedy = "Report this with the request id."
