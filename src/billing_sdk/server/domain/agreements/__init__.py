"""What customers have agreed to.

It owns the agreement and its lifecycle. It does not own the plan's content (catalog), what the agreement costs
(invoicing) nor the arithmetic of its periods (periods).
"""

from billing_sdk.server.domain.agreements.agreement import Agreement as Agreement
from billing_sdk.server.domain.agreements.lifecycle import (
    LIVE as LIVE,
    AgreementEvent as AgreementEvent,
    AgreementStatus as AgreementStatus,
    after as after,
)
from billing_sdk.server.domain.agreements.period import period_at as period_at
