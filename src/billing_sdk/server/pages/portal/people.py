"""The sections about a person: the profile, the e-mail address, the password, and where they are signed in."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import EmailTaken, InvalidRequest, PreconditionFailed, RateLimited, WrongCredentials
from billing_sdk.server import web
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.pages.messages import show_message
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.account_links import ask_for_email, ask_for_password, withdraw_email
from billing_sdk.server.usecases.customer_language import language_of_person
from billing_sdk.server.usecases.passwords import MIN_LENGTH
from billing_sdk.server.usecases.secure_account import change_password, sign_out_everywhere
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.server.web.languages import known_languages, language_of
from billing_sdk.server.words import phrase, waiting_time

WRONG_PASSWORD = phrase("This is not your password.")
TAKEN = phrase("Another account has this e-mail address.")
NOT_THE_SAME = phrase("These are not the same.")


def show_profile(desk: Desk, form: Form) -> Response:
    """Show the person's names, language and e-mail address."""
    user = desk.user
    if not form.values:
        names = {"given_name": user.given_name, "family_name": user.family_name}
        form = Form({**names, "language": _offered_as(desk, _chosen(desk))}).of_version(user)
    languages = ((one.tag, one.name) for one in known_languages(desk.request).offered)
    return desk.show(
        "profile",
        form,
        offered_languages=(("", phrase("As my browser says")), *languages),
        may_change=desk.may("edit_profile"),
        has_password=_has_password(desk),
        pending=_pending(desk),
    )


def save_profile(desk: Desk, form: Form) -> Response:
    """Change the person's names and language."""
    if not desk.may("edit_profile"):
        return desk.decline("edit_profile")
    known, before, wanted = known_languages(desk.request), _chosen(desk), form.text("language")
    chosen = wanted if wanted in {one.tag for one in known.offered} else None
    if wanted == _offered_as(desk, before):
        chosen = before or None  # a region that it stands for, which writes its figures differently, is kept
    try:
        update_user(
            desk.engine,
            user_id=desk.user.id,
            source="user",
            given_name=form.text("given_name"),
            family_name=form.text("family_name"),
            language=chosen,
            versions=form.versions(),
        )
    except (InvalidRequest, PreconditionFailed) as error:
        return show_profile(desk, form.refused(error))
    response = desk.go_to("profile", "saved")
    if chosen:
        web.set_language(response, desk.engine.settings, chosen)
    return response


def show_email(desk: Desk, form: Form) -> Response:
    """Ask for another e-mail address, and for the password."""
    return desk.show("email", form, has_password=_has_password(desk), pending=_pending(desk))


def save_email(desk: Desk, form: Form) -> Response:
    """Mail a link to another e-mail address for somebody who gives the right password, or withdraw one that waits."""
    if form.text("withdraw"):
        withdraw_email(desk.engine, user_id=desk.user.id)
        return desk.go_to("profile", "email_withdrawn")
    form = require(form, {"email": phrase("your e-mail address"), "password": phrase("your password")})
    if form.errors:
        return show_email(desk, form)
    try:
        ask_for_email(
            desk.engine,
            user_id=desk.user.id,
            email=form.text("email"),
            password=form.values["password"],
            language=language_of(desk.request).tag,
            address=web.client_address(desk.request, desk.engine.settings),
        )
    except WrongCredentials:
        return show_email(desk, form.wrong({"password": WRONG_PASSWORD}))
    except EmailTaken:
        return show_email(desk, form.wrong({"email": TAKEN}))
    except RateLimited as error:
        return show_email(desk, _too_often(form, error))
    except InvalidRequest as error:
        return show_email(desk, form.refused(error, "email"))
    return desk.go_to("profile", "email_asked")


def show_password(desk: Desk, form: Form) -> Response:
    """Ask for another password, and for the one that there is."""
    return desk.show("password", form, has_password=_has_password(desk), shortest=MIN_LENGTH)


def save_password(desk: Desk, form: Form) -> Response:
    """Change the password of somebody who gives the right one, and sign them out everywhere else.

    Whoever has none yet, or does not know it, gets a link by mail.
    """
    if form.text("by_mail"):
        return _mail_password_link(desk, form)
    wanted = {"password": phrase("your password"), "new_password": phrase("a new password")}
    form = require(form, {**wanted, "repeated": phrase("the new password again")})
    if not form.errors and form.values["new_password"] != form.values["repeated"]:
        form = form.wrong({"repeated": NOT_THE_SAME})
    if form.errors:
        return show_password(desk, form)
    try:
        change_password(
            desk.engine,
            user_id=desk.user.id,
            password=form.values["password"],
            new_password=form.values["new_password"],
            visit_key=desk.session_key,
            address=web.client_address(desk.request, desk.engine.settings),
        )
    except WrongCredentials:
        return show_password(desk, form.wrong({"password": WRONG_PASSWORD}))
    except RateLimited as error:
        return show_password(desk, _too_often(form, error))
    except InvalidRequest:
        words = phrase("Choose a password of at least %(shortest)s characters.", shortest=MIN_LENGTH)
        return show_password(desk, form.wrong({"new_password": words}))
    return desk.go_to("profile", "password")


def _mail_password_link(desk: Desk, form: Form) -> Response:
    try:
        ask_for_password(
            desk.engine,
            email=desk.user.email,
            language=language_of(desk.request).tag,
            address=web.client_address(desk.request, desk.engine.settings),
        )
    except RateLimited as error:
        return show_password(desk, _too_often(form, error))
    return desk.go_to("profile", "password_asked")


def show_sign_out(desk: Desk, form: Form) -> Response:
    """Ask whether somebody wants to be signed out everywhere."""
    return desk.show("sign_out", form)


def sign_out(desk: Desk, _form: Form) -> Response:
    """End every session of the person, and this visit."""
    sign_out_everywhere(desk.engine, user_id=desk.user.id)
    response = show_message(
        desk.request,
        headline=phrase("You have signed out everywhere"),
        detail=phrase("No browser and no application is signed in to your account any more."),
        application=desk.application,
        return_url=desk.return_url,
    )
    web.clear_portal_key(response, desk.engine.settings)
    web.clear_session_key(response, desk.engine.settings)
    web.forget_pages(response)
    return response


def _chosen(desk: Desk) -> str:
    """Return the tag of the language that the person has chosen before; empty for none."""
    return language_of_person(desk.user) or ""


def _offered_as(desk: Desk, tag: str) -> str:
    """Return the tag that stands for a language where one is chosen; empty for none."""
    known = known_languages(desk.request)
    return known.offered_as(known.best([tag])).tag if tag else ""


def _has_password(desk: Desk) -> bool:
    with desk.engine.read() as tx:
        return tx.users.find_password_hash(desk.user.id) is not None


def _pending(desk: Desk) -> str:
    """Return the e-mail address that waits to be confirmed; empty where none does."""
    with desk.engine.read() as tx:
        link = tx.account_links.find_of(desk.user.id, "confirm_email")
    return link.email if link is not None and link.is_open(desk.engine.now()) else ""


def _too_often(form: Form, error: RateLimited) -> Form:
    """Return the form with how long to wait before the password is asked for again."""
    return form.wrong(
        {"": phrase("There were too many attempts. Wait %(time)s and try again.", time=waiting_time(error))}
    )
