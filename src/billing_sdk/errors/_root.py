"""The root of the catalogue."""

from __future__ import annotations

from typing import Any, ClassVar

DOCS_URL = "https://billing-sdk.dev/errors/"


class BillingError(Exception):
    """Anything that went wrong in billing-sdk.

    Attributes:
        code: stable machine name, also the anchor of the error's documentation.
        status: HTTP status with which the server answers.
        title: the same for every instance.
        detail: what is wrong this time.
        remedy: what to do next.
        facts: further members of the problem document, such as `plan` or `feature`; never secret.
    """

    code: ClassVar[str] = "billing_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Billing error"
    default_remedy: ClassVar[str] = "Report this with the request id."

    def __init__(self, detail: str = "", *, remedy: str = "", **facts: Any) -> None:
        self.detail = detail or self.title
        self.remedy = remedy or self.default_remedy
        self.facts = facts
        super().__init__(f"{self.detail}: {self.remedy[:1].lower()}{self.remedy[1:]}")

    def problem(self) -> dict[str, Any]:
        """Return the error as a problem document (RFC 9457, section 3)."""
        return {
            **self.facts,
            "type": f"{DOCS_URL}#{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
        }
