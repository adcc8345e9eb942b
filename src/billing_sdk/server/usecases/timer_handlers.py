"""What each kind of timer does when it is due.

A handler does all of it in transactions of its own, and the one that has the effect begins with
`tx.timers.done(timer)`: effect and removal are kept together or not at all, and of two processes that run one timer
only one gets through. It may be called again after anything that went wrong, so what it did before that transaction
has to bear repeating. A handler that leaves its timer in place has failed, even if it raised nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from billing_sdk.server.domain.timers import Timer, TimerKind
from billing_sdk.server.usecases.accrue import accrue, accrue_together
from billing_sdk.server.usecases.adjust_usage import adjust_usage
from billing_sdk.server.usecases.advance_invoice import advance_invoice
from billing_sdk.server.usecases.alert_on_usage import look_again
from billing_sdk.server.usecases.bill_threshold import bill_threshold
from billing_sdk.server.usecases.cancel_agreement import cancel_at_last
from billing_sdk.server.usecases.chase_invoice import end_grace, note_due_date, retry_collection
from billing_sdk.server.usecases.end_trial import end_trial
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.expire_credit import expire_due_credit
from billing_sdk.server.usecases.give_up import give_up
from billing_sdk.server.usecases.make_planned_change import make_planned_change
from billing_sdk.server.usecases.mirror_invoice import mirror_invoice
from billing_sdk.server.usecases.planned_charges import bill_planned_charge
from billing_sdk.server.usecases.recurring_credit import grant_due_credit
from billing_sdk.server.usecases.remind_of_trial import remind_of_trial
from billing_sdk.server.usecases.renew_agreement import renew_agreement, renew_together
from billing_sdk.server.usecases.watch_credit import watch_credit

Handler = Callable[[Engine, Timer], None]
# Runs timers of one kind in one transaction, and returns those that have to be run one by one.
HandlerOfMany = Callable[[Engine, Sequence[Timer]], tuple[Timer, ...]]


HANDLERS: dict[TimerKind, Handler] = {
    "accrue": accrue,
    "change": make_planned_change,
    "cancel": cancel_at_last,
    "trial_reminder": remind_of_trial,
    "trial_end": end_trial,
    "renew": renew_agreement,
    "grant_credit": grant_due_credit,
    "charge": bill_planned_charge,
    "invoice": advance_invoice,
    "threshold": bill_threshold,
    "adjust": adjust_usage,
    "expire_credit": expire_due_credit,
    "top_up": watch_credit,
    "allowance": look_again,
    "dunning": retry_collection,
    "grace": end_grace,
    "give_up": give_up,
    "overdue": note_due_date,
    "mirror": mirror_invoice,
}
TOGETHER: dict[TimerKind, HandlerOfMany] = {"renew": renew_together, "accrue": accrue_together}
