"""Twelve attacks on a sign-in: what is done, and what a client that withstands it does.

Each is done to two SDKs by the same steps against the same provider; `judge` decides from what an SDK did, and knows
nothing of which one it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Report = Mapping[str, Any]
Verdict = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Attributes:
        name: what is done.
        expected: what withstanding it means.
        judge: tells from a report whether it was withstood, and in a few words what happened. Besides the report it
            is given the secrets of the attempt.
        faults: of the provider.
        bent: parameters of the callback that are replaced, or left out.
        do: the steps: `sign_in`, `renew`, `two_tabs` or `portal`.
    """

    name: str
    expected: str
    judge: Callable[[Report, frozenset[str]], Verdict]
    faults: tuple[str, ...] = ()
    bent: Mapping[str, str | None] = field(default_factory=dict)
    do: str = "sign_in"


def nobody_is_signed_in(report: Report, _: frozenset[str]) -> Verdict:
    """Expect an error instead of a session."""
    return not report["ok"], f"refused: {_kind(report)}" if not report["ok"] else "signed in"


def a_fresh_token_comes(report: Report, _: frozenset[str]) -> Verdict:
    """Expect another access token."""
    return bool(report["ok"]), "renewed" if report["ok"] else f"failed: {_kind(report)}"


def it_ends_in_time(report: Report, _: frozenset[str]) -> Verdict:
    """Expect an error within the patience of the script."""
    return not report["ok"], f"given up: {_kind(report)}"


def both_tabs_come_back(report: Report, _: frozenset[str]) -> Verdict:
    """Expect two sign-ins."""
    return bool(report["ok"]), "both signed in" if report["ok"] else f"one lost: {_kind(report)}"


def the_log_keeps_secrets(report: Report, secrets: frozenset[str]) -> Verdict:
    """Expect nothing in the log that would let its reader act."""
    shown = sorted(secret for secret in secrets if secret in report["log"])
    if not report["ok"]:
        return False, f"the sign-in itself failed: {_kind(report)}"
    return not shown, f"{len(shown)} of {len(secrets)} secrets in the log" if shown else "no secret in the log"


def the_error_keeps_secrets(report: Report, secrets: frozenset[str]) -> Verdict:
    """Expect an error whose text says nothing of what was sent."""
    shown = sorted(secret for secret in secrets if secret in report["error"])
    if report["ok"]:
        return False, "signed in"
    return not shown, f"{len(shown)} of {len(secrets)} secrets in the error" if shown else "no secret in the error"


def nobody_is_sent_elsewhere(report: Report, _: frozenset[str]) -> Verdict:
    """Expect an error instead of the address."""
    return not report["ok"], f"refused: {_kind(report)}" if not report["ok"] else f"returned {report['url']}"


def _kind(report: Report) -> str:
    return str(report["error"]).partition(":")[0]


def somebody_is_signed_in(report: Report, _: frozenset[str]) -> Verdict:
    """Expect a session."""
    return bool(report["ok"]), "signed in" if report["ok"] else f"refused: {_kind(report)}"


# What a working client does anyway: they show that the steps are fair, and that a refusal is a refusal.
CONTROLS: Final = (
    Attack("Nothing is wrong", "the visitor is signed in", somebody_is_signed_in),
    Attack("The callback carries a made-up `state`", "it is refused", nobody_is_signed_in, bent={"state": "made up"}),
    Attack("The callback carries a made-up code", "it is refused", nobody_is_signed_in, bent={"code": "made up"}),
)
ATTACKS: Final = (
    Attack(
        "The callback carries no `state`: a link that signs the victim in as the attacker",
        "the callback is refused",
        nobody_is_signed_in,
        bent={"state": None},
    ),
    Attack("The ID token is signed by a foreign key", "it is refused", nobody_is_signed_in, ("id-token-forged",)),
    Attack("The ID token names another issuer", "it is refused", nobody_is_signed_in, ("id-token-issuer",)),
    Attack(
        "The ID token was made for another application", "it is refused", nobody_is_signed_in, ("id-token-audience",)
    ),
    Attack(
        "The ID token has the nonce of another sign-in: an injected code",
        "it is refused",
        nobody_is_signed_in,
        ("id-token-nonce",),
    ),
    Attack(
        "The token endpoint refuses, and repeats what it was sent",
        "the error holds no code, verifier or secret",
        the_error_keeps_secrets,
        ("token-endpoint-repeats",),
    ),
    Attack(
        "The discovery document names another issuer",
        "nobody is sent there",
        nobody_is_signed_in,
        ("discovery-issuer",),
    ),
    Attack(
        "The access token has ended, and is asked for",
        "it is renewed with the refresh token",
        a_fresh_token_comes,
        ("short-lived",),
        do="renew",
    ),
    Attack(
        "The token endpoint takes the request and never answers",
        "the call ends by itself",
        it_ends_in_time,
        ("token-endpoint-silent",),
    ),
    Attack(
        "A second tab starts a sign-in before the first one has come back",
        "both come back signed in",
        both_tabs_come_back,
        do="two_tabs",
    ),
    Attack(
        "Somebody reads the log of the application, at level INFO",
        "it holds no state, code, verifier, secret or token",
        the_log_keeps_secrets,
    ),
    Attack(
        "The API answers a portal link to another host",
        "it is not handed to the application",
        nobody_is_sent_elsewhere,
        ("portal-elsewhere",),
        do="portal",
    ),
)
