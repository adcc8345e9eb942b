"""Limit attempts to get in: for each account, and for each address on the network that they come from.

What is counted is in the database, so it holds however many processes serve, and whether or not they start anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from billing_sdk.errors import RateLimited
from billing_sdk.server.domain.identity import Patience
from billing_sdk.server.ids import digest_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

SIGN_IN = Patience(free=5)
SIGN_UP = Patience(free=5)
PAYMENT = Patience(free=10)
ACCOUNT_MAIL = Patience(free=3)
ACCOUNT_MAIL_OF_MANY = Patience(free=10)
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attempted:
    """What somebody attempts something at.

    Attributes:
        what: such as `sign_in` or `sign_up`, and by what it is counted.
        subject: the account or the address; only a digest of it is stored.
        is_cleared: one good attempt clears all the bad ones; otherwise it only does not count itself.
    """

    what: str
    subject: str = field(repr=False)
    patience: Patience
    is_cleared: bool = False

    @property
    def digest(self) -> str:
        """What it is stored by."""
        return digest_of(f"{self.what}:{self.subject}")


def sign_in_attempts(email: str, address: str | None) -> tuple[Attempted, ...]:
    """Return what a sign-in is counted by; the account need not exist, and the address need not be known."""
    account = Attempted("sign_in_account", email, SIGN_IN, is_cleared=True)
    return (account,) if address is None else (account, Attempted("sign_in_address", address, SIGN_IN))


def sign_up_attempts(email: str, address: str | None) -> tuple[Attempted, ...]:
    """Return what a sign-up is counted by: it tells whether an account exists, so it can't be asked at will."""
    account = Attempted("sign_up_account", email, SIGN_UP)
    return (account,) if address is None else (account, Attempted("sign_up_address", address, SIGN_UP))


def link_payment_attempts(invoice_id: str, address: str | None) -> tuple[Attempted, ...]:
    """Return what a payment by the address of an invoice is counted by: nobody tries out cards that are not theirs."""
    invoice = Attempted("link_payment_invoice", invoice_id, PAYMENT)
    return (invoice,) if address is None else (invoice, Attempted("link_payment_address", address, PAYMENT))


def account_mail_attempts(account: str, address: str | None) -> tuple[Attempted, ...]:
    """Return what a mail about an account is counted by: nobody's mailbox is filled, whoever's the account is."""
    own = Attempted("account_mail", account, ACCOUNT_MAIL)
    return (own,) if address is None else (own, Attempted("account_mail_address", address, ACCOUNT_MAIL_OF_MANY))


def count_attempt(engine: Engine, attempted: Iterable[Attempted]) -> None:
    """Count one attempt before it is looked at, so that guesses made at once are counted one by one.

    Raises:
        RateLimited: too many were made; it says how long to wait, and does not count itself.
    """
    at = engine.now()
    with engine.begin() as tx:
        found = [(one, tx.attempts.lock(one.digest, at=at)) for one in sorted(attempted, key=lambda one: one.digest)]
        wait_seconds = max(made.wait_seconds(at) for _, made in found)
        if not wait_seconds:
            for one, made in found:
                tx.attempts.save(one.digest, made.counted(at, one.patience))
            tx.attempts.forget_older(than=at - KEPT)
    if wait_seconds:
        raise RateLimited("too many attempts", retry_after_seconds=wait_seconds)


def forgive_attempt(tx: UnitOfWork, engine: Engine, attempted: Iterable[Attempted]) -> None:
    """Take an attempt back that was a good one."""
    for one in sorted(attempted, key=lambda one: one.digest):
        if one.is_cleared:
            tx.attempts.forget(one.digest)
        else:
            tx.attempts.save(one.digest, tx.attempts.lock(one.digest, at=engine.now()).forgiven())
