"""Keys that make a request happen once (Stripe documentation, "Idempotent requests")."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing_sdk.testing.stripe.errors import Json, Refusal

KEPT_SECONDS = 24 * 3600
MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and to what."""

    request: tuple[str, str, str]
    status: int
    body: Json
    request_id: str
    at: int


@dataclass(slots=True)
class Answers:
    """The answers of one account, by the keys of their requests."""

    _kept: dict[str, Answer] = field(default_factory=dict)
    _under_way: set[str] = field(default_factory=set)

    def begin(self, key: str, request: tuple[str, str, str], at: int) -> Answer | None:
        """Return the first answer to a key, None where this request is the first one.

        Raises:
            Refusal: the key came with another request, or the first one is still under way.
        """
        if len(key) > MAX_KEY_LENGTH:
            raise Refusal(400, "idempotency_error", f"Idempotency keys have at most {MAX_KEY_LENGTH} characters.")
        if key in self._under_way:
            raise Refusal(
                409,
                "idempotency_error",
                f"There is currently another in-progress request using this Idempotent Key ({key}).",
                code="idempotency_key_in_use",
                is_kept=False,
            )
        kept = self._kept.get(key)
        if kept is None or at - kept.at >= KEPT_SECONDS:
            self._under_way.add(key)
            return None
        if kept.request != request:
            raise Refusal(
                400,
                "idempotency_error",
                f"Keys for idempotent requests can only be used with the same parameters they were first used with "
                f"({key}).",
                is_kept=False,
            )
        return kept

    def end(self, key: str, answer: Answer | None) -> None:
        """Keep the answer to the request that was under way; None lets the key be as if it had never come."""
        self._under_way.discard(key)
        if answer is not None:
            self._kept[key] = answer

    def forget(self) -> None:
        """Forget all of them, as Stripe does after a day."""
        self._kept.clear()
