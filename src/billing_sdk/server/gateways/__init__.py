"""How money is collected.

It owns the protocol that a payment processor is spoken to by, and the processors. It does not own what is charged,
nor when (usecases). Card numbers come no further than here, and are neither kept nor logged.
"""

from billing_sdk.server.gateways.managed import ManagedGateway as ManagedGateway
from billing_sdk.server.gateways.protocol import (
    CardEntry as CardEntry,
    Charge as Charge,
    Gateway as Gateway,
    PaidBack as PaidBack,
    StoredCard as StoredCard,
)
