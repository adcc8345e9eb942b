"""Applications: the programs that people sign in to, and the machines that call the management API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from billing_sdk._config import is_plain_authority

DEFAULT_PORTS = {"http": 80, "https": 443}
ApplicationKind = Literal["web", "machine"]


@dataclass(frozen=True, slots=True)
class Application:
    """A registered client.

    Attributes:
        kind: `web` signs people in; `machine` gets tokens for the management API with its own secret.
        redirect_uris: compared with what a request names, character by character.
        scopes: what a machine may ask for; a web application may ask for the OpenID scopes.
        is_confidential: it has a secret and must use it.
        requires_pkce: it must send a code challenge; only one that has a secret can be let off.
    """

    client_id: str
    name: str
    kind: ApplicationKind
    redirect_uris: tuple[str, ...] = ()
    logout_redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    is_confidential: bool = True
    requires_pkce: bool = True

    @property
    def must_use_pkce(self) -> bool:
        """Whether it gets no code without a challenge (RFC 9700, section 2.1.1)."""
        return self.requires_pkce or not self.is_confidential

    def allows_return_to(self, url: str) -> bool:
        """Tell whether a return address has the origin of one of the registered redirect addresses."""
        origin = origin_of(url)
        return origin is not None and origin in {
            origin_of(uri) for uri in (*self.redirect_uris, *self.logout_redirect_uris)
        }


def origin_of(url: str) -> str | None:
    """Return scheme, host and port of an absolute http(s) address; None for anything that is not plainly one."""
    if any(character <= " " or character == "\\" or character == "\x7f" for character in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain_authority(parts.netloc):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{DEFAULT_PORTS[parts.scheme] if port is None else port}"
