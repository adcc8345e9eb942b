"""Links that prove an e-mail address: what they change, for whom, once, until when; what nobody learns by asking."""

from __future__ import annotations

import pytest

from billing_sdk.errors import EmailTaken, Forbidden, InvalidRequest, LinkUsed, RateLimited, WrongCredentials
from billing_sdk.server.usecases.account_links import (
    ask_for_email,
    ask_for_password,
    confirm_email,
    look_at_link,
    set_password as set_hashed,
    withdraw_email,
)
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.passwords import hash_password
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.secure_account import change_password
from billing_sdk.server.usecases.update_user import update_user
from tests.contract.agreements import rows
from tests.contract.test_usecases_at_once import at_once
from tests.engines import PASSWORD, advance

OLD, NEW, FRESH = "vera@example.com", "vera@new.example.com", "an entirely other secret"


def person(engine, email=OLD):
    return register_user(engine, email=email, password=PASSWORD, given_name="Vera")


def ask(engine, user, email=NEW):
    ask_for_email(engine, user_id=user.id, email=email, password=PASSWORD)
    return key_to(engine, email)


def set_password(engine, *, key, password):
    set_hashed(engine, key=key, password_hash=hash_password(password))


def mails_of(engine, kind):
    with engine.read() as tx:
        return tx.mails.list(kind=kind).items


def key_to(engine, email, kind="confirm_email"):
    """Return the key of the newest link that was mailed to an address."""
    found = [mail for mail in mails_of(engine, kind) if mail.recipient == email]
    return str(found[-1].values["url"]).partition("key=")[2]


def email_of(engine, user):
    with engine.read() as tx:
        return tx.users.get(user.id).email


def test_another_address_is_had_once_its_link_is_used_and_the_one_before_hears_of_it(engine):
    user = person(engine)
    key = ask(engine, user)
    assert (look_at_link(engine, key=key).email, email_of(engine, user)) == (NEW, OLD)
    assert confirm_email(engine, key=key).email == NEW
    assert check_password(engine, email=NEW, password=PASSWORD).id == user.id
    [notice] = mails_of(engine, "email_changed")
    assert (notice.recipient, notice.values["email"]) == (OLD, NEW)
    with pytest.raises(LinkUsed):
        confirm_email(engine, key=key)


def test_a_link_opens_in_the_language_of_its_mail_and_the_address_before_hears_in_that_of_the_page(memory_engine):
    user = person(memory_engine)
    ask_for_email(memory_engine, user_id=user.id, email=NEW, password=PASSWORD, language="de")
    [mail] = mails_of(memory_engine, "confirm_email")
    assert (mail.language, "lang=de&" in str(mail.values["url"])) == ("de", True)

    confirm_email(memory_engine, key=key_to(memory_engine, NEW), language="de")

    assert [mail.language for mail in mails_of(memory_engine, "email_changed")] == ["de"]


@pytest.mark.attack(211)
def test_nothing_changes_without_the_password_for_a_taken_address_or_a_wrong_link(memory_engine):
    engine = memory_engine
    user, _ = person(engine), person(engine, "taken@example.com")
    with pytest.raises(WrongCredentials):
        ask_for_email(engine, user_id=user.id, email=NEW, password="wrong")
    with pytest.raises(EmailTaken):
        ask(engine, user, "taken@example.com")
    with pytest.raises(InvalidRequest):
        ask(engine, user, "none")
    for key in ("", "x", "x" * 5_000, "é"):
        for act in (confirm_email, look_at_link):
            with pytest.raises(LinkUsed):
                act(engine, key=key)
    assert (mails_of(engine, "confirm_email"), email_of(engine, user)) == ((), OLD)


def test_an_address_that_waits_is_withdrawn_and_its_link_is_of_no_use(engine):
    user = person(engine)
    key = ask(engine, user)
    for _ in range(2):
        withdraw_email(engine, user_id=user.id)
    with pytest.raises(LinkUsed):
        confirm_email(engine, key=key)
    with engine.read() as tx:
        actions = [record["action"] for record in tx.audit.of(user.id)]
    assert (email_of(engine, user), actions.count("email.withdraw")) == (OLD, 1)


@pytest.mark.attack(211)
def test_a_link_ends_with_its_day_with_a_later_one_and_with_another_password(memory_engine):
    engine, user = memory_engine, person(memory_engine)
    first = ask(engine, user)
    second = ask(engine, user, "other@new.example.com")
    with pytest.raises(LinkUsed):
        confirm_email(engine, key=first)
    advance(engine, hours=24)
    with pytest.raises(LinkUsed):
        confirm_email(engine, key=second)
    third = ask(engine, user)
    change_password(engine, user_id=user.id, password=PASSWORD, new_password=FRESH)
    with pytest.raises(LinkUsed):
        confirm_email(engine, key=third)
    assert email_of(engine, user) == OLD


@pytest.mark.attack(211)
def test_an_address_that_somebody_else_has_taken_meanwhile_is_refused(engine):
    user = person(engine)
    key = ask(engine, user)
    person(engine, NEW)
    before = rows(engine)
    with pytest.raises(EmailTaken):
        confirm_email(engine, key=key)
    assert rows(engine) == before


def test_a_link_that_is_used_many_times_at_once_is_used_once(engine):
    user = person(engine)
    key = ask(engine, user)

    def use(_):
        try:
            return confirm_email(engine, key=key).email
        except LinkUsed:
            return "over"

    assert sorted(at_once(use, 4)) == ["over"] * 3 + [NEW]
    assert len(mails_of(engine, "email_changed")) == 1


def test_who_has_forgotten_the_password_or_has_none_sets_one_and_is_signed_out_everywhere(engine):
    without = create_user(engine, email="none@example.com").id
    for email, user_id in ((OLD, person(engine).id), ("none@example.com", without)):
        begin_session(engine, user_id=user_id)
        ask_for_password(engine, email=f" {email.upper()} ")
        key = key_to(engine, email, "set_password")
        with pytest.raises(InvalidRequest):
            set_password(engine, key=key, password="short")
        set_password(engine, key=key, password=FRESH)
        assert check_password(engine, email=email, password=FRESH).id == user_id
        with engine.read() as tx:
            assert "session.end_all" in [record["action"] for record in tx.audit.of(user_id)]
        with pytest.raises(LinkUsed):
            set_password(engine, key=key, password=PASSWORD)


@pytest.mark.attack(211)
def test_who_asks_for_a_password_learns_nothing_about_accounts(memory_engine):
    engine = memory_engine
    suspended = person(engine)
    update_user(engine, user_id=suspended.id, is_suspended=True)
    assert ask_for_password(engine, email=OLD) is None
    assert ask_for_password(engine, email="nobody@example.com") is None
    assert ask_for_password(engine, email="no address") is None
    assert mails_of(engine, "set_password") == ()


@pytest.mark.attack(211)
def test_a_link_for_a_password_is_of_no_use_for_another_address_or_another_purpose_nor_after_an_hour(memory_engine):
    engine, user = memory_engine, person(memory_engine)
    ask_for_password(engine, email=OLD)
    key = key_to(engine, OLD, "set_password")
    with pytest.raises(LinkUsed):
        confirm_email(engine, key=key)
    update_user(engine, user_id=user.id, email=NEW)
    with pytest.raises(LinkUsed):
        set_password(engine, key=key, password=FRESH)
    ask_for_password(engine, email=NEW)
    late = key_to(engine, NEW, "set_password")
    advance(engine, hours=1)
    with pytest.raises(LinkUsed):
        set_password(engine, key=late, password=FRESH)
    ask_for_password(engine, email=NEW)
    update_user(engine, user_id=user.id, is_suspended=True)
    with pytest.raises(Forbidden):
        set_password(engine, key=key_to(engine, NEW, "set_password"), password=FRESH)


@pytest.mark.attack(211)
def test_nobodys_mailbox_is_filled_whether_or_not_there_is_an_account(memory_engine):
    engine, user = memory_engine, person(memory_engine)
    for email in (OLD, "nobody@example.com"):
        for _ in range(3):
            ask_for_password(engine, email=email)
        with pytest.raises(RateLimited):
            ask_for_password(engine, email=email)
    for number in range(3):
        ask(engine, user, f"{number}@example.com")
    with pytest.raises(RateLimited):
        ask(engine, user, "4@example.com")
    assert len(mails_of(engine, "set_password")) == 3
    for number in range(10):
        ask_for_password(engine, email=f"{number}@other.example.com", address="192.0.2.1")
    with pytest.raises(RateLimited):
        ask_for_password(engine, email="11@other.example.com", address="192.0.2.1")
