"""How money is to come in.

It owns the billing profile: who bills, whether cards are charged or invoices sent, when an invoice is due, how invoices
are numbered, what waits before one is issued, and what happens when a payment fails (dunning); and the settings and
payers of billing cadences. It does not own
invoices, nor the attempts to collect them (invoicing, usecases). Durations are counted on the calendar of UTC.
"""

from billing_sdk.server.domain.collection.cadence_setting import (
    BillTerms as BillTerms,
    CadenceSetting as CadenceSetting,
    CollectionTerms as CollectionTerms,
    PayerProfile as PayerProfile,
    PayerStatus as PayerStatus,
    SettingKind as SettingKind,
    SettingVersion as SettingVersion,
    TermsT as TermsT,
    as_cadence_bills as as_cadence_bills,
)
from billing_sdk.server.domain.collection.dunning import (
    Dunning as Dunning,
    DunningEnd as DunningEnd,
    DunningOutcome as DunningOutcome,
    DunningPolicy as DunningPolicy,
)
from billing_sdk.server.domain.collection.numbering import Numbering as Numbering
from billing_sdk.server.domain.collection.profile import (
    BUILT_IN as BUILT_IN,
    BUILT_IN_ID as BUILT_IN_ID,
    BillingProfile as BillingProfile,
    CollectionMethod as CollectionMethod,
    Finalization as Finalization,
    Supplier as Supplier,
    TaxBehavior as TaxBehavior,
    TaxProvider as TaxProvider,
    TaxSettings as TaxSettings,
)
