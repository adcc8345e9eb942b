"""What can be done with one agreement (extension), beyond what is published."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from billing_sdk.server.api.kinde.agreement_view import WholeAgreementAnswer
from billing_sdk.server.api.kinde.envelope import StrictRoute
from billing_sdk.server.api.kinde.security import EngineOf, scoped

router = APIRouter(tags=["Billing agreements"], route_class=StrictRoute)

AgreementId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/billing/agreements/{agreement_id}", **scoped("read:billing_agreements", extension=True))
def get_agreement(engine: EngineOf, agreement_id: AgreementId) -> WholeAgreementAnswer:
    """Return one agreement, an ended one as well (extension)."""
    return WholeAgreementAnswer.of(engine, agreement_id)
