"""A billing server that exists only on paper: it sets units aside up to a limit, and remembers what it was told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import respx

from tests.unit.contrib.making import ISSUER
from tests.unit.sdk.kit import METADATA


@dataclass(slots=True)
class Ledger:
    """What is used and what is held of one feature.

    Attributes:
        limit: how many units there are.
        told: what it was told, in order: verb and id, or what was asked for.
        refusals: answers that come instead of the next ones, by verb; an exception is a silence.
    """

    limit: int = 10
    used: int = 0
    held: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    refusals: dict[str, list[httpx.Response | Exception]] = field(default_factory=dict)

    @contextmanager
    def listening(self) -> Iterator[Ledger]:
        """Answer for the length of a `with` block."""
        metadata = {name: str(value).replace(METADATA["issuer"], ISSUER) for name, value in METADATA.items()}
        lists = {name: value for name, value in METADATA.items() if not isinstance(value, str)}
        token = {"access_token": "machine-token", "token_type": "bearer", "expires_in": 3600}
        with respx.mock(base_url=ISSUER, assert_all_called=False) as router:
            router.get("/.well-known/openid-configuration").respond(json={**metadata, **lists})
            router.post("/oauth2/token").respond(json=token)
            router.post("/api/v1/billing/reservations").mock(side_effect=self.reserve)
            router.post(path__regex=r"^/api/v1/billing/reservations/(?P<name>\w+)/(?P<verb>\w+)$").mock(
                side_effect=self.settle
            )
            yield self

    def reserve(self, request: httpx.Request) -> httpx.Response:
        """Set units aside, if there is room."""
        self.asked.append(json.loads(request.content))
        units = int(self.asked[-1]["meter_value"])
        self.told.append("reserve")
        if refusal := self.next_refusal("reserve"):
            return refusal
        if self.used + sum(self.held.values()) + units > self.limit:
            facts = {"feature": "tokens", "limit": self.limit, "used": str(self.used), "asked": str(units)}
            return refused(402, "LIMIT_REACHED", **facts)
        name = f"r{len(self.asked)}"
        self.held[name] = units
        return self.answer(name, units, "held")

    def settle(self, _: httpx.Request, name: str, verb: str) -> httpx.Response:
        """Take units as used, or back."""
        self.told.append(f"{verb} {name}")
        if refusal := self.next_refusal(verb):
            return refusal
        units = self.held.pop(name)
        self.used += units if verb == "commit" else 0
        return self.answer(name, units, f"{verb}ted")

    def next_refusal(self, verb: str) -> httpx.Response | None:
        """Return what is to come instead of the usual answer."""
        waiting = self.refusals.get(verb)
        found = waiting.pop(0) if waiting else None
        if isinstance(found, Exception):
            raise found
        return found

    def answer(self, name: str, units: int, status: str) -> httpx.Response:
        """Show a reservation."""
        shown = {
            "id": name,
            "customer_agreement_id": "agreement_1",
            "feature_code": "tokens",
            "units": str(units),
            "status": status,
            "expires_on": "2026-03-01T12:05:00Z",
        }
        return httpx.Response(200, json={"code": "OK", "message": "Success", "reservation": shown})


def refused(status: int, code: str, **facts: object) -> httpx.Response:
    """Return a refusal in the envelope of the Management API."""
    return httpx.Response(status, json={"errors": [{"code": code, "message": code, **facts}]})
