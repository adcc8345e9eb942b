"""What customers have agreed to.

It owns the agreement, its lifecycle, what is planned for it, which of its periods an instant falls into, the billing
cadences that several agreements of a customer can share, and the intent that a change can be written down in first. It
does not own the plan's content (catalog), the calendar (periods), nor what the agreement costs (invoicing). A period
is half open: it contains its start and not its end. An agreement starts at `started_at`, is charged from
`charged_from` on, and has been billed up to `billed_until`.
"""

from billing_sdk.server.domain.agreements.agreement import Agreement as Agreement
from billing_sdk.server.domain.agreements.billing_cadence import (
    BillingCadence as BillingCadence,
    BillingCycle as BillingCycle,
    CadenceStatus as CadenceStatus,
    SettingRef as SettingRef,
)
from billing_sdk.server.domain.agreements.billing_intent import (
    LASTS as LASTS,
    BillingIntent as BillingIntent,
    IntentAmounts as IntentAmounts,
    IntentEvent as IntentEvent,
    IntentStatus as IntentStatus,
)
from billing_sdk.server.domain.agreements.cadence_discount import (
    CadenceDiscount as CadenceDiscount,
    under_rules as under_rules,
)
from billing_sdk.server.domain.agreements.end_request import (
    LONGEST_COMMENT as LONGEST_COMMENT,
    EndRequest as EndRequest,
    EndRequestStatus as EndRequestStatus,
)
from billing_sdk.server.domain.agreements.intent_action import (
    Act as Act,
    ApplyDiscount as ApplyDiscount,
    CollectAt as CollectAt,
    Deactivate as Deactivate,
    EffectiveAt as EffectiveAt,
    EffectiveType as EffectiveType,
    Feedback as Feedback,
    IntentAction as IntentAction,
    Modify as Modify,
    RemoveDiscount as RemoveDiscount,
    Subscribe as Subscribe,
)
from billing_sdk.server.domain.agreements.lifecycle import (
    GRANTING as GRANTING,
    LIVE as LIVE,
    AgreementEvent as AgreementEvent,
    AgreementStatus as AgreementStatus,
    after as after,
)
from billing_sdk.server.domain.agreements.opening import Offer as Offer, agree as agree
from billing_sdk.server.domain.agreements.pending import (
    AgreedAddOn as AgreedAddOn,
    AgreedDiscount as AgreedDiscount,
    NumberChange as NumberChange,
    PendingCancellation as PendingCancellation,
    PendingChange as PendingChange,
    Timing as Timing,
)
from billing_sdk.server.domain.agreements.standing import (
    Circumstances as Circumstances,
    CollectionStatus as CollectionStatus,
    OwedInvoice as OwedInvoice,
    ServicingStatus as ServicingStatus,
    Standing as Standing,
    stand as stand,
)
