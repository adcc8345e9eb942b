"""What customers have agreed to.

It owns the agreement, its lifecycle and its periods. It does not own the plan's content (catalog) nor what the
agreement costs (invoicing). A period is half open: it contains its start and not its end.
"""

from billing_sdk.server.domain.agreements.agreement import Agreement as Agreement
from billing_sdk.server.domain.agreements.lifecycle import (
    LIVE as LIVE,
    AgreementEvent as AgreementEvent,
    AgreementStatus as AgreementStatus,
    after as after,
)
from billing_sdk.server.domain.agreements.period import Period as Period, period_at as period_at
