"""What the Konnect door knows of a credit grant beside the grant itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras


@dataclass(frozen=True, slots=True)
class KnownAs:
    """What somebody has said of a grant when it was made.

    Attributes:
        key: the name that its maker gives it; no other grant can have it.
        more: what is kept to be shown, in JSON's own types.
    """

    key: str | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


def remember_grant(tx: UnitOfWork, grant: CreditGrant, known_as: KnownAs | None, *, at: datetime) -> None:
    """Keep what was said of a grant that is made now.

    Raises:
        DuplicateKey: another grant has the key.
    """
    if known_as is None:
        return
    tx.konnect.save(
        Extras(
            "credit_grant",
            grant.id,
            created_at=at,
            updated_at=at,
            key=known_as.key,
            parent_id=grant.customer_id,
            description=known_as.description,
            labels=known_as.labels,
            more=known_as.more,
        )
    )


def let_key_go(tx: UnitOfWork, grant: CreditGrant) -> None:
    """Let another grant have the key of one that was never paid: whoever sends it again wants to buy."""
    extras = tx.konnect.find("credit_grant", grant.id)
    if extras is not None and extras.key is not None:
        tx.konnect.save(replace(extras, key=None))
