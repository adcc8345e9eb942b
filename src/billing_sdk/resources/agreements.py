"""Agreements: which customer is on which plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Agreement, ChangePreview, Document
from billing_sdk.resources._agreement_options import Timing, flags_of, terms_of, texts_of, when_of
from billing_sdk.resources._base import (
    MANAGEMENT,
    PAGE_SIZE,
    done,
    given,
    last_id_cursor,
    one,
    pages,
    raw,
    segment,
)

PATH = f"{MANAGEMENT}/billing/agreements"
PREVIEWS = f"{MANAGEMENT}/billing/agreement_previews"
AGREEMENT = one("agreement", Agreement.read)
PREVIEW = one("preview", ChangePreview.read)


class Agreements(Resource[C]):
    """Contracts between customers and plans; takes the machine credentials."""

    @operation
    def list(self, customer_id: str, *, feature_code: str | None = None) -> Flow[tuple[Agreement, ...]]:
        """Return a customer's live agreements, or only those whose plan includes a feature."""
        fixed = {"customer_id": customer_id, "page_size": PAGE_SIZE, **given(feature_code=feature_code)}

        def fetch(cursor: Mapping[str, str]) -> Call[Any]:
            return Call("GET", PATH, raw, params={**fixed, **cursor}, credential="machine")

        found = yield from pages(fetch, last_id_cursor("agreements"), parameter="starting_after")
        return tuple(item for page in found for item in Document(page, "answer").objects("agreements", Agreement.read))

    @operation
    def get(self, agreement_id: str) -> Call[Agreement]:
        """Return one agreement, an ended one as well (extension).

        Raises:
            NotFound: there is no such agreement.
        """
        return Call("GET", f"{PATH}/{segment('agreement_id', agreement_id)}", AGREEMENT, credential="machine")

    @operation
    def create(
        self,
        *,
        customer_id: str,
        plan_code: str,
        is_invoice_now: bool | None = None,
        is_prorate: bool | None = None,
        currency: str | None = None,
        plan_version: int | None = None,
        quantities: Mapping[str, int] | None = None,
        add_ons: Mapping[str, int] | None = None,
        coupon_code: str | None = None,
        timing: Timing = "now",
        trial: bool | None = None,
        terms: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[str | None]:
        """Put a customer on a plan; the live agreement of the same plan group ends.

        Our own server answers with the id of the new agreement, or with that of the present one where the change is
        planned for later. Hosted providers answer without an id, which is None here: `list` finds it there.

        Args:
            customer_id: the billing customer.
            plan_code: key of a published plan.
            is_invoice_now: whether usage that was not billed yet is charged at once; None leaves it to the policy.
            is_prorate: whether what was paid in advance and not used is credited; None leaves it to the policy.
            currency: extension: one that the plan can be bought in; its first one by default.
            plan_version: extension: the number of a version; the live one by default.
            quantities: extension: how many units of each licensed fee (seats), by the fee's key.
            add_ons: extension: how many of which add-on, by its plan code.
            coupon_code: extension: a discount to apply.
            timing: extension: now, at the end of the period that is paid for, or at an instant.
            trial: extension: False goes without the plan's trial, True insists on it.
            terms: extension: those of a preview; the change is made on them only.
            idempotency_key: makes the call safe to repeat where the server honours it.

        Raises:
            UnknownPlan: there is no such plan.
            PaymentMethodRequired: there is no card, and the plan begins with a trial that requires one, or what was
                used under the present agreement is to be charged. Any other plan is given on credit to a customer
                without a card, who is asked for one at the next sign-in.
            CardDeclined: the charge was refused; nothing has changed.
            SamePlan: the customer is on this version of it already; `set_quantity`, `add_add_on` and `apply_coupon`
                change what comes with it, and charge the difference alone.
            CurrencyMismatch: the plan can't be bought in this currency.
            TrialUsed: the customer has had a trial of this plan before.
            InvalidTiming: the instant can't be taken, or there is no agreement that could wait for it.
            SelectionDenied: the seller's own rules keep the customer from this plan.
            PriceChanged: what is to be paid is not what the terms say.
        """
        extensions = terms_of(currency, plan_version, quantities, add_ons, coupon_code, timing, trial)
        settled = {**flags_of(is_invoice_now, is_prorate), **given(terms=terms)}
        body = {"customer_id": customer_id, "plan_code": plan_code, **settled, **extensions}
        return Call("POST", PATH, _new_id, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def preview(
        self,
        *,
        customer_id: str,
        plan_code: str,
        is_invoice_now: bool | None = None,
        is_prorate: bool | None = None,
        currency: str | None = None,
        plan_version: int | None = None,
        quantities: Mapping[str, int] | None = None,
        add_ons: Mapping[str, int] | None = None,
        coupon_code: str | None = None,
        timing: Timing = "now",
        trial: bool | None = None,
    ) -> Call[ChangePreview]:
        """Return what `create` with the same arguments would come to; nothing changes (extension).

        Raises:
            UnknownPlan, SamePlan, CurrencyMismatch, TrialUsed, InvalidTiming: as `create`.
        """
        extensions = terms_of(currency, plan_version, quantities, add_ons, coupon_code, timing, trial)
        settled = flags_of(is_invoice_now, is_prorate)
        body = {"customer_id": customer_id, "plan_code": plan_code, **settled, **extensions}
        return Call("POST", PREVIEWS, PREVIEW, json=body, credential="machine")

    @operation
    def preview_alteration(
        self,
        agreement_id: str,
        *,
        quantities: Mapping[str, int] | None = None,
        add_ons: Mapping[str, int] | None = None,
        timing: Timing = "now",
        is_prorate: bool | None = None,
    ) -> Call[ChangePreview]:
        """Return what other numbers of seats and add-ons would come to; nothing changes (extension).

        `set_quantity`, `add_add_on` and `remove_add_on` with the same arguments come to just that.

        Args:
            agreement_id: which agreement.
            quantities: how many units of which licensed fee, by the fee's key.
            add_ons: how many of which add-on, by its plan code; none of it takes it off.
            timing: now, at the end of the period that is paid for, or at an instant.
            is_prorate: whether what was paid for what is given up is credited; None leaves it to the policy.

        Raises:
            InvalidRequest: there is neither a quantity nor an add-on.
            InvalidQuantity, UnknownPlan, NotAnAddOn, AddOnMismatch, AddOnMissing, AgreementPaused, EndPlanned,
                InvalidTiming: as the change itself.
            NotFound: there is no such agreement.
        """
        counts = [{"plan_code": code, "quantity": quantity} for code, quantity in (add_ons or {}).items()]
        listed = given(quantities=dict(quantities) if quantities else None, add_ons=counts or None)
        path = f"{PATH}/{segment('agreement_id', agreement_id)}/alteration_preview"
        body = {**listed, **when_of(timing), **given(is_prorate=is_prorate)}
        return Call("POST", path, PREVIEW, json=body, credential="machine")

    @operation
    def preview_cancellation(
        self,
        agreement_id: str,
        *,
        timing: Timing = "now",
        is_invoice_now: bool | None = None,
        is_prorate: bool | None = None,
    ) -> Call[ChangePreview]:
        """Return what `cancel` with the same arguments would come to; nothing changes (extension).

        The seller's own rules are not asked: they may still keep the agreement.

        Raises:
            InvalidTiming: the instant can't be taken.
            AgreementNotLive: it has ended before.
            NotFound: there is no such agreement.
        """
        path = f"{PATH}/{segment('agreement_id', agreement_id)}/cancellation_preview"
        body = {**when_of(timing), **flags_of(is_invoice_now, is_prorate)}
        return Call("POST", path, PREVIEW, json=body, credential="machine")

    @operation
    def cancel(
        self,
        agreement_id: str,
        *,
        timing: Timing = "now",
        is_invoice_now: bool | None = None,
        is_prorate: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Call[None]:
        """End an agreement, now or later.

        Args:
            agreement_id: which one.
            timing: extension: now, at the end of the period that is paid for, or at an instant.
            is_invoice_now: extension: whether usage that was not billed yet is charged; None leaves it to the policy.
            is_prorate: extension: whether unused days are credited; None leaves it to the policy.
            idempotency_key: makes the call safe to repeat where the server honours it.

        Raises:
            NotFound: there is no such agreement.
            AgreementNotLive: it has ended before.
            CancellationDenied: the seller's own rules keep it; the fact `reason` says why.
        """
        params = {"agreement_id": agreement_id, **when_of(timing), **texts_of(flags_of(is_invoice_now, is_prorate))}
        return Call("DELETE", PATH, done, params=params, credential="machine", idempotency_key=idempotency_key)

    @operation
    def undo(self, agreement_id: str, *, idempotency_key: str | None = None) -> Call[Agreement]:
        """Take back what is planned for later, a change of plan or a cancellation (extension).

        Raises:
            NothingPending: nothing is planned.
            NotFound: there is no such agreement.
        """
        return _act(agreement_id, "undo", idempotency_key=idempotency_key)

    @operation
    def pause(self, agreement_id: str, *, idempotency_key: str | None = None) -> Call[Agreement]:
        """Grant nothing and charge nothing until the agreement is resumed (extension).

        Raises:
            AgreementPaused: it is paused already.
            NotPausable: it is in its trial.
            NotFound: there is no such agreement.
        """
        return _act(agreement_id, "pause", idempotency_key=idempotency_key)

    @operation
    def resume(self, agreement_id: str, *, idempotency_key: str | None = None) -> Call[Agreement]:
        """Go on with a paused agreement; what it costs for the rest of the period is charged (extension).

        Raises:
            NotPaused: it is not paused.
            PaymentMethodRequired, CardDeclined: it can't be paid; the agreement stays paused.
            NotFound: there is no such agreement.
        """
        return _act(agreement_id, "resume", idempotency_key=idempotency_key)

    @operation
    def set_quantity(
        self,
        agreement_id: str,
        fee_code: str,
        quantity: int,
        *,
        timing: Timing = "now",
        is_prorate: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Agreement]:
        """Agree on a number of units of a licensed fee, such as seats (extension).

        Args:
            agreement_id: which agreement.
            fee_code: the key of the fee.
            quantity: how many; more are charged for the rest of the period.
            timing: now, at the end of the period that is paid for, or at an instant.
            is_prorate: whether what was paid for units that are given up is credited; None leaves it to the policy.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvalidQuantity: it is not above zero, out of the plan's bounds, or there is no such licensed fee.
            PaymentMethodRequired: there is no card, and more are to be paid.
            CardDeclined: the charge was refused; the number stays what it was.
            EndPlanned: it is asked for later, and the agreement is planned to end or to give way to another plan.
            AgreementPaused: nothing changes during a pause.
            NotFound: there is no such agreement.
        """
        body = {"fee_code": fee_code, "quantity": quantity, **when_of(timing), **given(is_prorate=is_prorate)}
        return _act(agreement_id, "quantity", json=body, idempotency_key=idempotency_key)

    @operation
    def add_add_on(
        self,
        agreement_id: str,
        plan_code: str,
        *,
        quantity: int = 1,
        timing: Timing = "now",
        is_prorate: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Agreement]:
        """Add an add-on to an agreement, or change how many of it there are (extension).

        Args:
            agreement_id: which agreement.
            plan_code: key of a published add-on.
            quantity: how many; more are charged for the rest of the period.
            timing: now, at the end of the period that is paid for, or at an instant.
            is_prorate: whether what was paid for what is given up is credited; None leaves it to the policy.
            idempotency_key: makes the call safe to repeat.

        Raises:
            UnknownPlan: there is no such published add-on.
            NotAnAddOn: it is a plan of its own.
            AddOnMismatch: it is for the other kind of customer, or billed in another currency or at another pace.
            PaymentMethodRequired, CardDeclined: it can't be paid; the agreement stays what it was.
            EndPlanned: it is asked for later, and the agreement is planned to end or to give way to another plan.
            NotFound: there is no such agreement.
        """
        body = {"plan_code": plan_code, "quantity": quantity, **when_of(timing), **given(is_prorate=is_prorate)}
        return _act(agreement_id, "add_ons", json=body, idempotency_key=idempotency_key)

    @operation
    def remove_add_on(
        self,
        agreement_id: str,
        plan_code: str,
        *,
        timing: Timing = "now",
        is_prorate: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Agreement]:
        """Take an add-on off an agreement (extension); the options are those of `add_add_on`.

        What was used by its prices in the present service interval is charged where the policy `unpaid_usage` says so,
        and in any case with the timing `period_end`.

        Raises:
            AddOnMissing: the agreement has no such add-on.
            NotFound: there is no such agreement.
        """
        path = f"{PATH}/{segment('agreement_id', agreement_id)}/add_ons/{segment('plan_code', plan_code)}"
        params = {**when_of(timing), **texts_of(flags_of(None, is_prorate))}
        return Call("DELETE", path, AGREEMENT, params=params, credential="machine", idempotency_key=idempotency_key)

    @operation
    def apply_coupon(
        self, agreement_id: str, coupon_code: str, *, idempotency_key: str | None = None
    ) -> Call[Agreement]:
        """Redeem a coupon for an agreement; it counts from the next charge on (extension).

        Raises:
            UnknownCoupon: there is no such coupon.
            CouponEnded: it can't be redeemed any more.
            CouponMismatch: it is for other plans or currencies.
            Conflict: it counts for this agreement already.
            NotFound: there is no such agreement.
        """
        return _act(agreement_id, "discounts", json={"coupon_code": coupon_code}, idempotency_key=idempotency_key)

    @operation
    def remove_coupon(
        self, agreement_id: str, coupon_code: str, *, idempotency_key: str | None = None
    ) -> Call[Agreement]:
        """Charge without a discount from now on (extension).

        Raises:
            UnknownCoupon: the agreement has no discount of this coupon.
            NotFound: there is no such agreement.
        """
        path = f"discounts/{segment('coupon_code', coupon_code)}"
        return _act(agreement_id, path, method="DELETE", idempotency_key=idempotency_key)


def _act(
    agreement_id: str,
    verb: str,
    *,
    method: str = "POST",
    json: Mapping[str, Any] | None = None,
    idempotency_key: str | None,
) -> Call[Agreement]:
    """Describe a change of one agreement, which is answered with what it is then."""
    path = f"{PATH}/{segment('agreement_id', agreement_id)}/{verb}"
    return Call(method, path, AGREEMENT, json=json, credential="machine", idempotency_key=idempotency_key)


def _new_id(data: Any) -> str | None:
    named = Document(data, "answer").object_or_none("agreement")
    return None if named is None else named.text("id")
