"""What a billing server refuses about objects of the catalogue that have versions, coupons and add-ons."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class VersionNotFound(NotFound):
    """An object has no version with this id, or none of its versions is live."""

    code = "version_not_found"
    title = "No such version"
    default_remedy = "List the versions of the object and name one of them."


class LookupKeyTaken(Conflict):
    """Another object of the same kind has this lookup key."""

    code = "lookup_key_taken"
    title = "Lookup key in use"
    default_remedy = "Choose another lookup key, or use the object that has it."


class RateExists(Conflict):
    """A rate card would price one metered item twice."""

    code = "rate_exists"
    title = "Item priced already"
    default_remedy = "Delete the present rate in the same call, or leave the item out."


class UsagePricedTwice(RateExists):
    """A rate card would price the same usage twice: two items of one feature with the same conditions."""

    code = "usage_priced_twice"
    title = "Usage priced already"
    default_remedy = "Give the item conditions of its own, or change the price of the item that has them."


class TooManyRates(APIError):
    """A version of a rate card holds 500 rates at most, and one call changes 100 at most."""

    code = "too_many_rates"
    status = 400
    title = "Too many rates"
    default_remedy = "Delete rates that are not needed, or put some on a rate card of their own."


class TaxBehaviorMismatch(APIError):
    """The prices of a plan include tax and one of its components doesn't, or the other way round."""

    code = "tax_behavior_mismatch"
    status = 400
    title = "Tax behavior mismatch"
    default_remedy = "Attach an object with the tax behavior of the plan."


class ComponentExists(Conflict):
    """A plan has an object attached already."""

    code = "component_exists"
    title = "Component attached already"
    default_remedy = "Change the version of the component, or detach it first."


class TooManyComponents(APIError):
    """A plan holds 100 attached objects at most, 20 of which are rate cards."""

    code = "too_many_components"
    status = 400
    title = "Too many components"
    default_remedy = "Detach what is not needed, or put more rates on one card."


class ComponentMissing(NotFound):
    """A version of a plan has no such component attached."""

    code = "component_missing"
    title = "No such component"
    default_remedy = "List the components of the plan's latest version and name one of them."


class UnknownCoupon(NotFound):
    """No coupon has this key."""

    code = "unknown_coupon"
    title = "Unknown coupon"
    default_remedy = "Check the coupon's key."


class CouponEnded(Conflict):
    """A coupon is archived, its last day is over, or it was redeemed as often as it may be."""

    code = "coupon_ended"
    title = "Coupon has ended"
    default_remedy = "Use another coupon, or go on without."


class CouponMismatch(APIError):
    """A coupon is not for this plan, or takes nothing off in this currency."""

    code = "coupon_mismatch"
    status = 400
    title = "Coupon does not fit"
    default_remedy = "Use a coupon for the plan and the currency of the agreement."


class NotAnAddOn(APIError):
    """A plan was used as an add-on, or an add-on as a plan."""

    code = "not_an_add_on"
    status = 400
    title = "Not an add-on"
    default_remedy = "Add-ons are added to an agreement; a plan is subscribed to."


class AddOnMismatch(APIError):
    """An add-on is for the other kind of customer, or is billed in another currency or at another pace."""

    code = "add_on_mismatch"
    status = 400
    title = "Add-on does not fit"
    default_remedy = "Choose an add-on with the kind of customer, the currency and the cadence of the agreement."


class AddOnAttached(Conflict):
    """An agreement has this add-on already."""

    code = "add_on_attached"
    title = "Add-on is there already"
    default_remedy = "Change its quantity."


class AddOnMissing(NotFound):
    """An agreement has no such add-on."""

    code = "add_on_missing"
    title = "No such add-on"
    default_remedy = "List the add-ons of the agreement and name one of them."
