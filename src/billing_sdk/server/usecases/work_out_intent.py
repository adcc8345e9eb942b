"""Work out what a billing intent means: each action by the same code as the change that it stands for.

A draft, a reservation and a commit all come here, so what was shown is what is charged. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.errors import AgreementNotLive, InvalidAmount, InvalidEffectiveAt, InvalidIntentActions, NotFound
from billing_sdk.server.domain.agreements import (
    AgreedDiscount,
    Agreement,
    ApplyDiscount,
    BillingCadence,
    BillingIntent,
    CollectAt,
    Deactivate,
    IntentAction,
    IntentAmounts,
    Modify,
    RemoveDiscount,
    Subscribe,
    under_rules,
)
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Lines, RatedInterval, amounts_of, uncompleted
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.alter_agreement import decide_alteration
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.decide_change import close_agreement, has_owner, work_out_change
from billing_sdk.server.usecases.offer_plan import wanted_plan
from billing_sdk.server.usecases.payment_intents import MOST_MINOR
from billing_sdk.server.usecases.tax_customer import require_location
from billing_sdk.server.usecases.under_way import under_way

# A rule counts for the next invoice, so nothing earlier or later is told apart.
DISCOUNTS_FROM = frozenset({"on_reserve", "current_billing_period_start"})


@dataclass(frozen=True, slots=True)
class Step:
    """What one action means.

    Attributes:
        action: with the instant at which it takes effect.
        before: the live agreement that it is about.
        after: as it is from then on, or what takes its place; None where it is not about an agreement.
        lines: what is charged and given back, discounts taken off.
        rated: what is kept of the service intervals whose usage the lines charge.
    """

    action: IntentAction
    at: datetime
    before: Agreement | None = None
    after: Agreement | None = None
    lines: Lines = ()
    rated: tuple[RatedInterval, ...] = ()

    @property
    def is_rule(self) -> bool:
        """Whether it is about what the whole cadence bills, and not about one agreement."""
        return isinstance(self.action.act, ApplyDiscount | RemoveDiscount)

    @property
    def collect_at(self) -> CollectAt:
        """When the lines are invoiced."""
        act = self.action.act
        return act.collect_at if isinstance(act, Subscribe | Modify | Deactivate) else "on_effective_at"

    @property
    def group_ids(self) -> frozenset[str]:
        """The plan groups in which something changes."""
        return frozenset(one.group_id for one in (self.before, self.after) if one is not None)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an intent means.

    Attributes:
        lines: what the invoice says that it is collected by, with what comes last; none where nothing is charged now.
        amounts: what they come to.
    """

    cadence: BillingCadence
    steps: tuple[Step, ...]
    lines: Lines
    amounts: IntentAmounts

    @property
    def group_ids(self) -> frozenset[str]:
        """The plan groups in which something changes."""
        return frozenset(group_id for step in self.steps for group_id in step.group_ids)

    @property
    def agreement(self) -> Agreement | None:
        """What the invoice is about, where it is about one agreement only."""
        found = {one.id: one for step in self.steps if step.lines and (one := step.after or step.before) is not None}
        return next(iter(found.values())) if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all steps are worked out against.

    Attributes:
        discounts: the rules of the cadence, with those that the intent applies and without those that it removes.
        removed: the ids of the rules that it removes.
    """

    tx: UnitOfWork
    customer: Customer
    intent: BillingIntent
    cadence: BillingCadence
    discounts: tuple[AgreedDiscount, ...]
    removed: frozenset[str]


def work_out_intent(tx: UnitOfWork, customer: Customer, intent: BillingIntent, *, at: datetime) -> Prospect:
    """Work out what an intent means at the customer's present; what takes effect when was said when it was reserved.

    Raises:
        NotFound: the customer has been deleted, or a subscription is not there.
        UnknownCadence, CadenceMismatch, CadenceCanceled: the cadence can't bill it.
        AgreementNotLive: an agreement that it is about has ended.
        InvalidIntentActions: two actions are about one agreement, or a rate card would bill twice; the fact `reason`
            says more.
        InvalidAmount: more is due than can be paid at once.
        InvalidEffectiveAt: an action can't take effect then.
        UnknownPlan, VersionNotFound, EmptyVersion, PlanMismatch, CurrencyMismatch, InvalidQuantity,
            InvalidServiceInterval, AgreementPaused: what is asked for can't be agreed to.
        TaxLocationMissing: tax is insisted on, and nobody knows where the customer is.
        Conflict: the outcome of an earlier change is not known yet.
    """
    if not has_owner(tx, customer):
        raise NotFound(f"the account of the customer {customer.id!r} has been deleted")
    cadence = tx.billing_cadences.get(intent.billing_cadence_id)
    cadence.check(customer.id)
    period = cadence.schedule.period_at(at)
    scene = _scene(tx, customer, intent, cadence)
    steps: list[Step] = []
    for action in intent.actions:
        instant = action.at or action.act.effective_at.instant(period, at=at)
        steps.append(_step(scene, replace(action, at=instant), instant))
        _check_apart(steps)
    _check_cards(tx, customer, steps, at=at)
    for group_id in {group_id for step in steps for group_id in step.group_ids}:
        charge = tx.charges.find(customer.id, group_id)
        if charge is not None:
            raise under_way(charge)
    return _completed(tx, customer, intent, cadence, tuple(steps), period, at)


def _scene(tx: UnitOfWork, customer: Customer, intent: BillingIntent, cadence: BillingCadence) -> _Scene:
    """Return the scene with the rules that the intent leaves behind, which count for all of its actions.

    Raises:
        InvalidIntentActions: one that is to be removed is not there.
    """
    rules = {rule.id: rule.agreed for rule in tx.cadence_discounts.of([cadence.id])}
    removed: set[str] = set()
    for act in (action.act for action in intent.actions):
        if isinstance(act, ApplyDiscount):
            rules[act.rule_id] = AgreedDiscount(act.rule_id, percent_off=act.percent_off)
        elif isinstance(act, RemoveDiscount):
            if act.rule_id not in rules:
                raise InvalidIntentActions("the cadence has no such discount", reason="discount_not_found")
            del rules[act.rule_id]
            removed.add(act.rule_id)
    return _Scene(tx, customer, intent, cadence, tuple(rules.values()), frozenset(removed))


def _completed(
    tx: UnitOfWork,
    customer: Customer,
    intent: BillingIntent,
    cadence: BillingCadence,
    steps: tuple[Step, ...],
    period: Period,
    at: datetime,
) -> Prospect:
    charges = tuple(line for step in steps if step.collect_at == "on_effective_at" for line in step.lines)
    prospect = Prospect(cadence, steps, (), amounts_of((), intent.currency))
    agreement = prospect.agreement
    lines = complete_lines(
        tx,
        customer,
        charges,
        currency=intent.currency,
        agreement=agreement,
        period=period if agreement is None else agreement.billed_period,
        at=at,
    )
    require_location(tx, customer, lines)
    amounts = amounts_of(lines, intent.currency)
    if amounts.due.minor > MOST_MINOR and not tx.billing_profiles.of(customer, cadence.id).sends_invoices:
        raise InvalidAmount(f"{amounts.due} can't be paid at once", remedy="Make an intent for each part of it.")
    return replace(prospect, lines=lines, amounts=amounts)


def _step(scene: _Scene, action: IntentAction, at: datetime) -> Step:
    match action.act:
        case Subscribe() as act:
            return _subscribe(scene, action, act, at)
        case Modify() as act:
            return _modify(scene, action, act, at)
        case Deactivate() as act:
            return _deactivate(scene, action, act, at)
        case ApplyDiscount() as act if act.effective_at.type not in DISCOUNTS_FROM:
            raise InvalidEffectiveAt("a discount rule counts from the reservation on", action=action.id)
        case ApplyDiscount() | RemoveDiscount():
            return Step(action, at)


def _subscribe(scene: _Scene, action: IntentAction, act: Subscribe, at: datetime) -> Step:
    tx = scene.tx
    plan = wanted_plan(tx, scene.customer, act.plan_key, agreed_version_id=act.plan_version_id)
    if tx.agreements.find_live(scene.customer.id, plan.group.id) is not None:
        raise InvalidIntentActions(
            f"the customer is on {plan.key!r} already", reason="pricing_plan_subscription_already_exists"
        )
    change = work_out_change(
        tx,
        customer=scene.customer,
        plan=plan,
        at=at,
        options=ChangeOptions(
            currency=scene.intent.currency,
            quantities=act.quantities,
            wants_trial=False,
            billing_cadence_id=scene.cadence.id,
            discounts=scene.discounts,
            charges_partial=act.charges_partial,
            agreement_id=act.agreement_id,
            metadata=act.metadata,
        ),
    )
    return Step(action, at, after=change.agreement, lines=uncompleted(change.lines), rated=change.rated)


def _modify(scene: _Scene, action: IntentAction, act: Modify, at: datetime) -> Step:
    tx = scene.tx
    before = _live(scene, act.subscription_id, at)
    if act.plan_version_id == before.plan_version_id:
        change = decide_alteration(
            tx,
            scene.customer,
            before,
            quantities=act.quantities,
            at=at,
            is_prorate=act.gives_back,
            counts_owed=True,
        )
        lines = uncompleted(change.lines)
        # What is added is charged with the next billing date, and not for the time until then.
        lines = tuple(line for line in lines if act.charges_partial or line.amount.minor < 0)
        return Step(action, at, before, change.agreement, lines, change.rated)
    plan = wanted_plan(tx, scene.customer, act.plan_key, agreed_version_id=act.plan_version_id)
    standing = tx.agreements.find_live(scene.customer.id, plan.group.id)
    if standing is not None and standing.id != before.id:
        raise InvalidIntentActions(
            f"the customer is on {plan.key!r} already", reason="pricing_plan_subscription_already_exists"
        )
    change = work_out_change(
        tx,
        customer=scene.customer,
        plan=plan,
        at=at,
        options=ChangeOptions(
            currency=scene.intent.currency,
            quantities=act.quantities,
            wants_trial=False,
            is_prorate=act.gives_back,
            counts_owed=True,
            is_invoice_now=True,
            billing_cadence_id=scene.cadence.id,
            takes_place_of=before,
            charges_partial=act.charges_partial,
            agreement_id=act.new_agreement_id,
        ),
    )
    return Step(action, at, before, change.agreement, uncompleted(change.lines), change.rated)


def _deactivate(scene: _Scene, action: IntentAction, act: Deactivate, at: datetime) -> Step:
    before = _live(scene, act.subscription_id, at)
    if act.effective_at.type == "current_billing_period_end":
        return Step(action, at, before)  # what it comes to is charged then
    closing = close_agreement(scene.tx, before, at=at, is_invoice_now=True, is_prorate=act.gives_back, counts_owed=True)
    return Step(action, at, before, None, closing.owed + closing.credit, closing.rated)


def _live(scene: _Scene, subscription_id: str, at: datetime) -> Agreement:
    """Return the live agreement that a subscription is now, with the rules that the intent puts on it.

    Raises:
        NotFound: there is none, or it is another customer's.
        InvalidIntentActions: it is billed by another cadence.
        AgreementNotLive: it has ended.
        InvalidEffectiveAt: it has begun after the instant.
    """
    found = scene.tx.agreements.find_current(subscription_id)
    if found is None or found.customer_id != scene.customer.id:
        raise NotFound(f"the customer has no subscription {subscription_id[:64]!r}", entity="pricing_plan_subscription")
    if not found.is_live:
        raise AgreementNotLive(f"the agreement is {found.status}")
    if found.billing_cadence_id != scene.cadence.id:
        raise InvalidIntentActions("the agreement is billed by another cadence", reason="cadence_mismatch")
    if at < found.started_at:
        raise InvalidEffectiveAt("the agreement has begun after that instant")
    return under_rules(found, scene.discounts, scene.removed)


def _check_apart(steps: Sequence[Step]) -> None:
    """Let actions pass of which no two are about the same plan of the customer.

    Raises:
        InvalidIntentActions: two are.
    """
    last = steps[-1]
    for step in steps[:-1]:
        if step.group_ids & last.group_ids:
            reason = "duplicate_actions_not_allowed" if step.before is None else "concurrent_actions_not_allowed"
            raise InvalidIntentActions("two actions are about the same plan of the customer", reason=reason)


def _check_cards(tx: UnitOfWork, customer: Customer, steps: Sequence[Step], *, at: datetime) -> None:
    """Let steps pass after which no rate card bills the customer twice.

    Raises:
        InvalidIntentActions: a rate card of a plan bills the customer already.
    """
    gone = {step.before.id for step in steps if step.before is not None and step.at <= at}
    standing = tx.attachments.cards_of(
        [one.plan_version_id for one in tx.agreements.live_of(customer.id) if one.id not in gone]
    )
    for step in steps:
        if step.after is None:
            continue
        version_id = step.after.plan_version_id
        cards = tx.attachments.cards_of([version_id])
        is_new = step.before is None or step.before.plan_version_id != version_id
        if is_new and cards & standing:
            raise InvalidIntentActions(
                "a rate card of the plan bills the customer already", reason="rate_card_subscription_already_exists"
            )
        standing |= cards


def no_amounts(currency: str) -> IntentAmounts:
    """Return the amounts of an intent that nobody has worked out yet."""
    return amounts_of((), currency)
