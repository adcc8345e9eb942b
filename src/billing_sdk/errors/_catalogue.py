"""What a billing server refuses about what is for sale."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class UnknownPlanGroup(NotFound):
    """No plan group has this id or key."""

    code = "unknown_plan_group"
    title = "Unknown plan group"
    default_remedy = "Check the key of the plan group."


class EmptyVersion(APIError):
    """A plan version without components was to go live, or to be agreed to."""

    code = "empty_version"
    status = 400
    title = "Nothing in this version"
    default_remedy = "Make a version with components; a free plan has a licence fee of zero."


class UnpricedPlan(APIError):
    """A plan without any price was put on a pricing table."""

    code = "unpriced_plan"
    status = 400
    title = "Plan without a price"
    default_remedy = "Give the plan a licence fee; that of a free plan is zero."


class KeyLocked(Conflict):
    """The key of a plan can't change once the plan has been published."""

    code = "key_locked"
    title = "Key can't change any more"
    default_remedy = "Keep the key, or create another plan."


class FeatureLocked(Conflict):
    """Key, name and type of a feature never change."""

    code = "feature_locked"
    title = "Feature can't change"
    default_remedy = "Create another feature."


class CurrencyLocked(Conflict):
    """The default currency can't change once a plan has been published."""

    code = "currency_locked"
    title = "Default currency can't change any more"
    default_remedy = "Keep the default currency, and sell plans in other currencies beside it."


class InvalidServiceInterval(APIError):
    """A service interval is longer than the cadence at which its plan is billed."""

    code = "invalid_service_interval"
    status = 400
    title = "Service interval too long"
    default_remedy = "Choose a service interval no longer than the plan's cadence."


class InvalidPhase(APIError):
    """A phase of a plan is empty, or lasts less than one period."""

    code = "invalid_phase"
    status = 400
    title = "Phase that makes no sense"
    default_remedy = "Give each phase components and at least one period."


class InvalidTrial(APIError):
    """A trial is shorter than a day, or its reminder does not fall into it."""

    code = "invalid_trial"
    status = 400
    title = "Trial that makes no sense"
    default_remedy = "Choose at least one day, and a reminder that comes before the end and not before the start."


class TooManyPlans(APIError):
    """A pricing table was to show more than four plans."""

    code = "too_many_plans"
    status = 400
    title = "Too many plans on a table"
    default_remedy = "Show at most four plans, and make another table for the others."


class MixedGroups(APIError):
    """A pricing table was to show a plan of another group than its own."""

    code = "mixed_groups"
    status = 400
    title = "Plans of two groups on a table"
    default_remedy = "Show plans of one group, and make a table for each group."


class DuplicateKey(Conflict):
    """A key is taken, or given twice."""

    code = "duplicate_key"
    title = "Key taken"
    default_remedy = "Choose another key."


class GroupInUse(Conflict):
    """A plan group can't be deleted while its plans have been agreed to."""

    code = "group_in_use"
    title = "Plan group in use"
    default_remedy = "Archive its plans instead; what customers have agreed to is kept."


class FeatureInUse(Conflict):
    """A feature can't be deleted while a plan version names it."""

    code = "feature_in_use"
    title = "Feature in use"
    default_remedy = "Leave it out of new versions; what customers have agreed to is kept."


class AlreadyPublished(Conflict):
    """A plan was to be published that is published already."""

    code = "already_published"
    title = "Already published"
    default_remedy = "Make one of its versions live instead."


class PlanNotPublished(Conflict):
    """Something was asked of a draft that only a published plan can do."""

    code = "plan_not_published"
    title = "Not published yet"
    default_remedy = "Publish the plan first."


class PlanArchived(Conflict):
    """Something was asked of a plan that has been archived."""

    code = "plan_archived"
    title = "Plan archived"
    default_remedy = "Restore the plan where that is offered, or create another one."
