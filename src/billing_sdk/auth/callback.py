"""The redirect back from the provider, read before anything is believed (RFC 6749, section 4.1.2; RFC 9207)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from billing_sdk.auth.confidential import Confidential
from billing_sdk.auth.transaction import SignInTransaction
from billing_sdk.errors import IssuerMismatch, SignInDenied, SignInError, StateMismatch

MOST_PARAMETERS: Final = 32
LONGEST_QUERY: Final = 16_384
LONGEST_SHOWN: Final = 256

Query = Mapping[str, str | None] | Mapping[str, Sequence[str]] | str


@dataclass(frozen=True, slots=True)
class Callback(Confidential):
    """The parameters of one redirect back; each of them came once."""

    parameters: Mapping[str, str] = field(repr=False)

    @classmethod
    def read(cls, query: Query) -> Callback:
        """Read an address, a query string, or parameters by name.

        A mapping may name a list of values; one with more than a single value is a repeated parameter. One that
        is None was not sent.

        Raises:
            SignInError: a parameter came twice, there are too many, or they are in the address's fragment.
        """
        pairs = _parse(query) if isinstance(query, str) else _flatten(query)
        parameters = dict(pairs)
        if len(parameters) != len(pairs):
            raise SignInError("the callback has a parameter twice")
        if len(pairs) > MOST_PARAMETERS or sum(len(name) + len(value) for name, value in pairs) > LONGEST_QUERY:
            raise SignInError("the callback has too many parameters")
        return cls(parameters)

    def code(self, transaction: SignInTransaction, *, issuer: str, needs_issuer: bool) -> str:
        """Return the code, after all that can be checked without a call.

        Raises:
            StateMismatch: the state is missing or another one.
            IssuerMismatch: another issuer answered, or none although its metadata promises to say.
            SignInDenied: the provider answered with an error, which `facts` names.
            SignInError: there is neither a code nor an error, or both.
        """
        state = self.parameters.get("state", "")
        if not state or not compare_digest(_bytes(state), _bytes(transaction.state)):
            raise StateMismatch("the callback carries no state, or that of another sign-in")
        sent = self.parameters.get("iss")
        if transaction.issuer != issuer or (sent is None and needs_issuer) or (sent is not None and sent != issuer):
            raise IssuerMismatch("the callback is not from the issuer that was asked")
        code, error = self.parameters.get("code"), self.parameters.get("error")
        if bool(code) == bool(error):
            raise SignInError("the callback has to have either a code or an error")
        if error:
            description = printable(self.parameters.get("error_description", ""))
            raise SignInDenied(description or "the provider refused the sign-in", error=printable(error))
        return code or ""


def printable(text: str) -> str:
    """Return the start of a foreign text without anything that could act on a log or a terminal."""
    return "".join(character if " " <= character <= "~" else "?" for character in text[:LONGEST_SHOWN])


def _parse(query: str) -> list[tuple[str, str]]:
    if len(query) > 2 * LONGEST_QUERY:
        raise SignInError("the callback is too long")
    try:
        if "://" in query.partition("?")[0] or query.startswith(("/", "?")):
            parts = urlsplit(query)
            if "code=" in parts.fragment or "error=" in parts.fragment:
                raise SignInError("the callback has its parameters in the fragment")
            query = parts.query
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
    except ValueError:
        raise SignInError("the callback is not readable") from None


def _flatten(query: Mapping[str, str | None] | Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [
        (str(name), str(value))
        for name, values in query.items()
        for value in ([values] if isinstance(values, str) else values or ())
    ]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")
