"""Links into the hosted portal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from billing_sdk.errors import UnsafeAnswer
from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class PortalLink:
    """A link that opens the portal once and for a short time; whoever has it is the customer."""

    url: str = field(repr=False)

    @classmethod
    def read(cls, data: Any, *, origin: str) -> PortalLink:
        """Read a link, and refuse one that leads anywhere but to the issuer itself.

        Raises:
            UnsafeAnswer: the link is not on the issuer's origin.
        """
        url = Document(data, "portal link").text("url")
        try:
            parts = urlsplit(url)
        except ValueError:
            raise UnsafeAnswer("the portal link is not an address") from None
        if not url.isprintable() or "\\" in url or " " in url or f"{parts.scheme}://{parts.netloc}" != origin:
            raise UnsafeAnswer("the portal link leads away from the issuer")
        return cls(url)
