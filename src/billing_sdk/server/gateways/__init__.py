"""How money is collected.

It owns the protocol that a payment processor is spoken to by, and the processors. It does not own what is charged,
nor when (usecases). Card numbers come no further than here, and are neither kept nor logged.
"""

from billing_sdk.server.gateways.bills import (
    Awaited as Awaited,
    Bill as Bill,
    BillLine as BillLine,
    BillLineKind as BillLineKind,
    BillState as BillState,
    BillStatus as BillStatus,
    Charge as Charge,
    GatewayTax as GatewayTax,
    Payer as Payer,
    TaxByGateway as TaxByGateway,
)
from billing_sdk.server.gateways.managed import ManagedGateway as ManagedGateway
from billing_sdk.server.gateways.mirror import Mirror as Mirror
from billing_sdk.server.gateways.protocol import (
    CardEntry as CardEntry,
    Gateway as Gateway,
    PaidBack as PaidBack,
    StoredCard as StoredCard,
)
from billing_sdk.server.gateways.setups import (
    PortalSession as PortalSession,
    PortalWanted as PortalWanted,
    SetupMode as SetupMode,
    SetupSession as SetupSession,
    SetupStatus as SetupStatus,
    SetupWanted as SetupWanted,
)
