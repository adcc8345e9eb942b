"""A billing server that exists only on paper: it sets units aside up to a limit, and remembers what it was told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

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
        leased: what was reported of each lease.
        events: usage events that were recorded, by their ids.
        lasts_seconds: of a lease.
        token: what comes instead of a token for the machine.
    """

    limit: int = 10
    used: Decimal | int = 0
    held: dict[str, Decimal | int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, list[httpx.Response | Exception]] = field(default_factory=dict)
    leased: dict[str, Decimal] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    lasts_seconds: int = 60
    token: httpx.Response | None = None

    @contextmanager
    def listening(self) -> Iterator[Ledger]:
        """Answer for the length of a `with` block."""
        metadata = {name: str(value).replace(METADATA["issuer"], ISSUER) for name, value in METADATA.items()}
        lists = {name: value for name, value in METADATA.items() if not isinstance(value, str)}
        given = {"access_token": "machine-token", "token_type": "bearer", "expires_in": 3600}
        with respx.mock(base_url=ISSUER, assert_all_called=False) as router:
            router.get("/.well-known/openid-configuration").respond(json={**metadata, **lists})
            router.post("/oauth2/token").mock(side_effect=lambda _: self.token or httpx.Response(200, json=given))
            router.post("/api/v1/billing/reservations").mock(side_effect=self.reserve)
            router.post(path__regex=r"^/api/v1/billing/reservations/(?P<name>\w+)/(?P<verb>\w+)$").mock(
                side_effect=self.settle
            )
            router.post("/api/v1/billing/usage_events").mock(side_effect=self.record)
            yield self

    def record(self, request: httpx.Request) -> httpx.Response:
        """Count usage events once each."""
        batch = json.loads(request.content)
        self.told.append(f"record {len(batch)}")
        if refusal := self.next_refusal("record"):
            return refusal
        self.events |= {event["id"]: event for event in batch}
        recorded = {"status": "accepted", "recorded_at": "2026-03-01T12:00:00Z"}
        results = [{"source": event["source"], "id": event["id"], **recorded} for event in batch]
        return httpx.Response(200, json={"results": results})

    def reserve(self, request: httpx.Request) -> httpx.Response:
        """Set units aside, if there is room."""
        self.asked.append(json.loads(request.content))
        units = int(self.asked[-1]["meter_value"])
        self.told.append("reserve")
        if refusal := self.next_refusal("reserve"):
            return refusal
        is_lease = self.asked[-1].get("is_lease", False)
        left = self.limit - self.used - sum(self.held.values())
        if is_lease:
            least = int(self.asked[-1]["least"])
            units = max(min(units, left // 2) // least * least, least)
        if units > left:
            facts = {"feature": "tokens", "limit": self.limit, "used": str(self.used), "asked": str(units)}
            return refused(402, "LIMIT_REACHED", **facts)
        name = f"r{len(self.asked)}"
        self.held[name] = units
        if is_lease:
            self.leased[name] = Decimal(0)
        return self.answer(name, units, "held")

    def settle(self, request: httpx.Request, name: str, verb: str) -> httpx.Response:
        """Take units as used, or back."""
        body = json.loads(request.content)
        units = self.held.get(name, 0)
        total = Decimal(body.get("used", body.get("units", units)))
        self.told.append(f"{verb} {name}" + (f" {total}" if "used" in body or "units" in body else ""))
        if refusal := self.next_refusal(verb):
            return refusal
        if verb != "release":
            new = max(total - self.leased[name], Decimal(0)) if name in self.leased else total
            self.used += new
            if name in self.leased:
                self.leased[name] += new
                self.held[name] = max(units - new, Decimal(0))
        if verb != "report":
            self.held.pop(name, None)
        return self.answer(name, units, "held" if verb == "report" else f"{verb}ted")

    def next_refusal(self, verb: str) -> httpx.Response | None:
        """Return what is to come instead of the usual answer."""
        waiting = self.refusals.get(verb)
        found = waiting.pop(0) if waiting else None
        if isinstance(found, Exception):
            raise found
        return found

    def answer(self, name: str, units: Decimal | int, status: str) -> httpx.Response:
        """Show a reservation."""
        shown = {
            "id": name,
            "customer_agreement_id": "agreement_1",
            "feature_code": "tokens",
            "units": str(units),
            "status": status,
            "expires_on": "2026-03-01T12:05:00Z",
            "used": str(self.leased.get(name, 0)),
            "is_lease": name in self.leased,
            "lasts_seconds": self.lasts_seconds,
        }
        return httpx.Response(200, json={"code": "OK", "message": "Success", "reservation": shown})


def refused(status: int, code: str, **facts: object) -> httpx.Response:
    """Return a refusal in the envelope of the Management API."""
    return httpx.Response(status, json={"errors": [{"code": code, "message": code, **facts}]})
