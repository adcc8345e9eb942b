"""What a customer is asked to pay.

It owns the invoice and its lines: which fees and which usage are billed at a billing date and at the end of an
agreement, what is taken off, and the derivation of every line. It does not own how the money is collected (gateways),
how much was used (metering), what a price comes to (rating), nor the calendar (periods). An invoice has the time when
it was issued; a line has the period that it pays for.
"""

from billing_sdk.server.domain.invoicing.alteration import (
    Alteration as Alteration,
    lines_for_alteration as lines_for_alteration,
    removed as removed,
)
from billing_sdk.server.domain.invoicing.booking import (
    BookedShare as BookedShare,
    accrual_entry as accrual_entry,
    agreements_delivered as agreements_delivered,
    agreements_earning as agreements_earning,
    credit_note_entries as credit_note_entries,
    earned_before as earned_before,
    issue_entries as issue_entries,
    overpaid_entry as overpaid_entry,
    payment_entry as payment_entry,
    refund_entry as refund_entry,
    refund_returned_entry as refund_returned_entry,
    reversal_entry as reversal_entry,
    used_until_month as used_until_month,
    void_entries as void_entries,
    write_off_entry as write_off_entry,
)
from billing_sdk.server.domain.invoicing.boundary import (
    STEPS as STEPS,
    lines_at_boundary as lines_at_boundary,
    usage_at_boundary as usage_at_boundary,
)
from billing_sdk.server.domain.invoicing.charge import (
    LEASE_SECONDS as LEASE_SECONDS,
    SHORTEST_REST as SHORTEST_REST,
    AwaitReason as AwaitReason,
    Awaits as Awaits,
    ChargeSource as ChargeSource,
    PendingCharge as PendingCharge,
)
from billing_sdk.server.domain.invoicing.closing_usage import (
    ClosedUsage as ClosedUsage,
    close_intervals as close_intervals,
)
from billing_sdk.server.domain.invoicing.completion import (
    COMPLETION as COMPLETION,
    Completion as Completion,
    complete as complete,
    lines_to_tax as lines_to_tax,
    uncompleted as uncompleted,
)
from billing_sdk.server.domain.invoicing.confirmation import (
    Confirmation as Confirmation,
    ConfirmationAnswer as ConfirmationAnswer,
)
from billing_sdk.server.domain.invoicing.credit import (
    BALANCE as BALANCE,
    CreditEntry as CreditEntry,
    CreditReason as CreditReason,
    balance_change as balance_change,
)
from billing_sdk.server.domain.invoicing.credit_note import (
    REFUND_LEASE_SECONDS as REFUND_LEASE_SECONDS,
    CreditDestination as CreditDestination,
    CreditedLine as CreditedLine,
    CreditNote as CreditNote,
    Refund as Refund,
    RefundStatus as RefundStatus,
)
from billing_sdk.server.domain.invoicing.credited import (
    METERED as METERED,
    Application as Application,
    applications_of as applications_of,
    bought_line as bought_line,
    grants_bought as grants_bought,
    payables_of as payables_of,
    with_credit_grants as with_credit_grants,
)
from billing_sdk.server.domain.invoicing.crediting import (
    Creditable as Creditable,
    OverBilled as OverBilled,
    Wanted as Wanted,
    check_destination as check_destination,
    check_issued as check_issued,
    credit_used as credit_used,
    credited_lines as credited_lines,
    left_of as left_of,
    usual_destination as usual_destination,
)
from billing_sdk.server.domain.invoicing.deductions import (
    with_discounts as with_discounts,
    with_period_discounted as with_period_discounted,
)
from billing_sdk.server.domain.invoicing.derivation import LineKind as LineKind, period_of as period_of
from billing_sdk.server.domain.invoicing.dispute import (
    Dispute as Dispute,
    DisputeKind as DisputeKind,
    DisputeStatus as DisputeStatus,
    Grounds as Grounds,
    ToldDispute as ToldDispute,
    dispute_entry as dispute_entry,
)
from billing_sdk.server.domain.invoicing.ending import (
    lines_at_end as lines_at_end,
    unused_time as unused_time,
    usage_at_end as usage_at_end,
)
from billing_sdk.server.domain.invoicing.explanation import (
    Behind as Behind,
    Explanation as Explanation,
    explanation_of as explanation_of,
    line_of as line_of,
)
from billing_sdk.server.domain.invoicing.gateway_taxing import (
    GatewayTaxation as GatewayTaxation,
    LineTaxation as LineTaxation,
    awaits_gateway_tax as awaits_gateway_tax,
    is_taxed_by_gateway as is_taxed_by_gateway,
    told_of as told_of,
    with_gateway_taxes as with_gateway_taxes,
)
from billing_sdk.server.domain.invoicing.given_back import back_of as back_of, gives_back as gives_back
from billing_sdk.server.domain.invoicing.grant_booking import (
    adjustment_entries as adjustment_entries,
    bargain_entries as bargain_entries,
    expiry_entries as expiry_entries,
    grant_entries as grant_entries,
    grant_void_entries as grant_void_entries,
    settlement_entries as settlement_entries,
)
from billing_sdk.server.domain.invoicing.in_force import (
    BoughtAddOn as BoughtAddOn,
    GrantedCredit as GrantedCredit,
    InForce as InForce,
    Lines as Lines,
    nothing_used as nothing_used,
)
from billing_sdk.server.domain.invoicing.intent_amounts import amounts_of as amounts_of
from billing_sdk.server.domain.invoicing.invoice import (
    OPEN_TO_LINES as OPEN_TO_LINES,
    OWED as OWED,
    TRANSITIONS as TRANSITIONS,
    UNISSUED as UNISSUED,
    CollectionMethod as CollectionMethod,
    Invoice as Invoice,
    InvoiceLine as InvoiceLine,
    InvoiceReason as InvoiceReason,
    InvoiceStatus as InvoiceStatus,
    Payment as Payment,
)
from billing_sdk.server.domain.invoicing.naming import (
    TOP_UP as TOP_UP,
    Form as Form,
    Frame as Frame,
    Frames as Frames,
    framed as framed,
)
from billing_sdk.server.domain.invoicing.one_off import ONE_OFF as ONE_OFF, one_off_line as one_off_line
from billing_sdk.server.domain.invoicing.other_fees import (
    fees_completed as fees_completed,
    fees_unbilled as fees_unbilled,
)
from billing_sdk.server.domain.invoicing.pausing import (
    with_numbers_paused as with_numbers_paused,
    with_numbers_resumed as with_numbers_resumed,
)
from billing_sdk.server.domain.invoicing.payment_intent import (
    PAYMENT_INTENT_TRANSITIONS as PAYMENT_INTENT_TRANSITIONS,
    PAYMENT_LINE as PAYMENT_LINE,
    UNDER_WAY as UNDER_WAY,
    Cancellation as Cancellation,
    PaymentIntent as PaymentIntent,
    PaymentIntentEvent as PaymentIntentEvent,
    PaymentIntentStatus as PaymentIntentStatus,
    UnusedRefund as UnusedRefund,
    received_entry as received_entry,
    unused_refund_entry as unused_refund_entry,
)
from billing_sdk.server.domain.invoicing.planned_charge import (
    NOTHING_USED as NOTHING_USED,
    ChargeStatus as ChargeStatus,
    PlannedCharge as PlannedCharge,
    check_planned as check_planned,
    planned_charge_from as planned_charge_from,
)
from billing_sdk.server.domain.invoicing.quantities import (
    check_quantities as check_quantities,
    with_add_on as with_add_on,
)
from billing_sdk.server.domain.invoicing.rated_interval import (
    RatedInterval as RatedInterval,
    as_adjustment as as_adjustment,
    billed_before as billed_before,
    keep_rated as keep_rated,
    place_of as place_of,
    rate_again as rate_again,
    with_its_discounts as with_its_discounts,
)
from billing_sdk.server.domain.invoicing.reissuing import lines_again as lines_again
from billing_sdk.server.domain.invoicing.relations import charge_of as charge_of, lowering as lowering
from billing_sdk.server.domain.invoicing.renewal import renewed as renewed, trial_ended as trial_ended
from billing_sdk.server.domain.invoicing.replay import (
    Past as Past,
    billed_at as billed_at,
    replay as replay,
)
from billing_sdk.server.domain.invoicing.taking_back import (
    BilledLine as BilledLine,
    GivenBack as GivenBack,
    billed_line as billed_line,
    taken_back as taken_back,
)
from billing_sdk.server.domain.invoicing.tax_document import (
    LineTax as LineTax,
    line_tax as line_tax,
    tax_amounts as tax_amounts,
)
from billing_sdk.server.domain.invoicing.taxing import (
    Taxation as Taxation,
    given_back as given_back,
    lacks_location as lacks_location,
    shares_of_part as shares_of_part,
    with_taxes as with_taxes,
)
from billing_sdk.server.domain.invoicing.telling import tell as tell
from billing_sdk.server.domain.invoicing.unit_lines import rated_amount as rated_amount
from billing_sdk.server.domain.invoicing.usage_interval import (
    BilledBefore as BilledBefore,
    IntervalKey as IntervalKey,
    RatedUsage as RatedUsage,
    UsageInterval as UsageInterval,
    Used as Used,
    lines_of as lines_of,
    rate_usage as rate_usage,
    used_before as used_before,
)
from billing_sdk.server.domain.invoicing.waiting import covering as covering, period_billed as period_billed
