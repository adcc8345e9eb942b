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
    PaidBack as PaidBack,
    Payer as Payer,
    TaxByGateway as TaxByGateway,
)
from billing_sdk.server.gateways.breaker import unguarded as unguarded
from billing_sdk.server.gateways.cards import CardEntry as CardEntry, StoredCard as StoredCard
from billing_sdk.server.gateways.catalogue import (
    CatalogueItem as CatalogueItem,
    CataloguePrice as CataloguePrice,
    PriceStatus as PriceStatus,
    PriceSync as PriceSync,
)
from billing_sdk.server.gateways.confirmations import Confirmations as Confirmations
from billing_sdk.server.gateways.managed import ManagedGateway as ManagedGateway
from billing_sdk.server.gateways.mirror import Mirror as Mirror
from billing_sdk.server.gateways.objections import (
    PaymentDispute as PaymentDispute,
    PaymentRefund as PaymentRefund,
    RefundOutcome as RefundOutcome,
)
from billing_sdk.server.gateways.protocol import (
    BillEvent as BillEvent,
    Gateway as Gateway,
    Gateways as Gateways,
)
from billing_sdk.server.gateways.setups import (
    PortalSession as PortalSession,
    PortalWanted as PortalWanted,
    SetupMode as SetupMode,
    SetupSession as SetupSession,
    SetupStatus as SetupStatus,
    SetupWanted as SetupWanted,
)
from billing_sdk.server.gateways.switching import SwitchingGateway as SwitchingGateway, no_account as no_account
