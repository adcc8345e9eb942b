"""What a billing server refuses because of what a customer has agreed to."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, Forbidden, ServerFault


class AgreementPaused(Conflict):
    """An agreement is paused: nothing is charged, nothing is included, and nothing can be used under it."""

    code = "agreement_paused"
    title = "Agreement is paused"
    default_remedy = "Resume it first."


class NotPaused(Conflict):
    """An agreement can't be resumed because it isn't paused."""

    code = "not_paused"
    title = "Agreement is not paused"
    default_remedy = "Go on: there is nothing to resume."


class NotPausable(Conflict):
    """An agreement can't be paused as it is."""

    code = "not_pausable"
    title = "Agreement can't be paused"
    default_remedy = "Wait until its trial has ended, or cancel it."


class NothingPending(Conflict):
    """An agreement has no planned change and no planned cancellation that could be taken back."""

    code = "nothing_pending"
    title = "Nothing is planned"
    default_remedy = "Load the agreement anew: what was planned may have happened."


class EndPlanned(Conflict):
    """Another quantity was to come later, and the agreement is planned to end or to give way to another plan."""

    code = "end_planned"
    title = "Agreement is planned to end"
    default_remedy = "Change it now, ask for it with the planned change of plan, or take back what is planned."


class TrialUsed(Conflict):
    """The customer has had a trial of this plan before."""

    code = "trial_used"
    title = "Trial used before"
    default_remedy = "Subscribe without a trial."


class InvalidTiming(APIError):
    """A change or cancellation was asked for at a time at which it can't happen."""

    code = "invalid_timing"
    status = 400
    title = "Invalid timing"
    default_remedy = "Ask for `now`, `period_end` or an instant that lies ahead."


class CancellationDenied(APIError):
    """The seller's own rules keep an agreement from being cancelled; the fact `reason` says why."""

    code = "cancellation_denied"
    status = 403
    title = "Cancellation denied"
    default_remedy = "Do what the reason asks for, then cancel again."


class SelectionDenied(APIError):
    """The seller's own rules keep a customer from a plan; the facts `reason` and `suggestions` say what fits."""

    code = "selection_denied"
    status = 403
    title = "Plan can't be chosen"
    default_remedy = "Choose one of the suggested plans."


class TransitionNotAllowed(Forbidden):
    """A subscription can't go from the state that it is in to the one that is asked for."""

    code = "transition_not_allowed"
    title = "Transition not allowed"
    default_remedy = "Read the subscription, and do what its status allows."


class NotOffered(ServerFault):
    """What is asked for is described by a published API, and this server doesn't offer it."""

    code = "not_offered"
    status = 501
    title = "Not offered"
    default_remedy = "Leave it out, or choose another value."
