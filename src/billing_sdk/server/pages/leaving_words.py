"""Why customers leave, and what has become of their wish to, in words."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import EndRequestStatus, Feedback
from billing_sdk.server.words import Phrase, phrase

REASONS: dict[Feedback, Phrase] = {
    "too_expensive": phrase("It costs too much"),
    "missing_features": phrase("Something is missing"),
    "unused": phrase("I don't use it enough"),
    "switched_service": phrase("I have found something else"),
    "too_complex": phrase("It is too complicated"),
    "low_quality": phrase("It does not work well enough"),
    "customer_service": phrase("I was not helped well"),
    "other": phrase("Another reason"),
}
END_STATUSES: dict[EndRequestStatus, Phrase] = {
    "waiting": phrase("Waiting"),
    "approved": phrase("Approved"),
    "refused": phrase("Refused"),
    "withdrawn": phrase("Withdrawn"),
}
END_TONES: dict[EndRequestStatus, str] = {
    "waiting": "note",
    "approved": "good",
    "refused": "bad",
    "withdrawn": "plain",
}
