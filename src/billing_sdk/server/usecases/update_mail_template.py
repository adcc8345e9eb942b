"""Update the words of mail: choose others, go back to those of the server, or switch a kind of mail off and on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from billing_sdk.errors import MailNeeded
from billing_sdk.server.domain.events import ALWAYS_WRITTEN, MailKind, MailTemplate
from billing_sdk.server.mail.kinds import WORDS
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version


def update_mail_template(
    engine: Engine,
    *,
    kind: MailKind,
    language: str,
    subject: str,
    paragraphs: Sequence[str],
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> MailTemplate:
    """Choose words for a kind of mail in one language; what is written from now on says them, what waits as well.

    Args:
        engine: the engine.
        kind: of mail.
        language: its tag.
        subject: one line, with places such as `{amount}`.
        paragraphs: plain text, with places as well.
        versions: those of the words chosen before that these may take the place of (`version_of`); any by default.
        actor: who chooses.

    Raises:
        PreconditionFailed: they are in none of the versions any more.
        InvalidRequest: they can't be sent; see `MailTemplate.check`.
    """
    template = MailTemplate(kind, language, subject.strip(), tuple(one.strip() for one in paragraphs))
    template.check(WORDS[kind].all_places)
    with engine.begin() as tx:
        before = tx.mail_templates.lock(kind, language)
        check_version(before, versions)
        tx.mail_templates.save(template)
        subject_of = f"{kind}/{language}"
        tx.audit.record(actor, "mail_template.update", subject_of, engine.now(), before=before, after=template)
    return template


def revert_mail_template(
    engine: Engine,
    *,
    kind: MailKind,
    language: str,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> None:
    """Go back to what the server says by itself.

    Raises:
        PreconditionFailed: the words are in none of the versions (`version_of`) that the caller knows.
    """
    with engine.begin() as tx:
        before = tx.mail_templates.lock(kind, language)
        check_version(before, versions)
        tx.mail_templates.remove(kind, language)
        tx.audit.record(actor, "mail_template.revert", f"{kind}/{language}", engine.now(), before=before)


def switch_mail(engine: Engine, *, kind: MailKind, is_on: bool, actor: str = "operator") -> None:
    """Have mail of a kind written from now on, or not; what is in the queue already is sent all the same.

    Raises:
        MailNeeded: it can't be switched off, since without it people are locked out of their accounts.
    """
    if not is_on and kind in ALWAYS_WRITTEN:
        raise MailNeeded(f"mail of the kind {kind} can't be switched off")
    with engine.begin() as tx:
        before = {"is_on": kind not in tx.mail_templates.switched_off()}
        tx.mail_templates.switch(kind, is_on=is_on)
        tx.audit.record(actor, "mail.switch", kind, engine.now(), before=before, after={"is_on": is_on})
