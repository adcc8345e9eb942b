"""An operator finds a mail in the mailbox, follows its link, and chooses other words for the next ones."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from billing_sdk.server.usecases.queue_mail import queue_mail

pytestmark = pytest.mark.browser
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'&{inviter}'


@pytest.fixture
def operator(either_server, tab):
    """A tab in which an operator has signed in."""
    email, password = either_server.seed.users[0]
    tab.goto("/dashboard")
    tab.get_by_label("E-mail address").fill(email)
    tab.get_by_label("Password").fill(password)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    return tab


def invite(server, inviter="Ada"):
    values = {"organization": "Acme", "inviter": inviter, "url": f"{server.base_url}/?invitation=1"}
    with server.engine.begin() as tx:
        queue_mail(server.engine, tx, kind="invitation", to="new@example.com", values=values, at=server.engine.now())


def test_a_mail_is_found_read_and_its_link_followed(either_server, operator, keyboard):
    invite(either_server)
    keyboard("Mail")
    with operator.expect_navigation():
        operator.keyboard.press("Enter")
    keyboard("Mailbox")
    with operator.expect_navigation():
        operator.keyboard.press("Enter")
    keyboard("Ada invites you to Acme")
    operator.keyboard.press("Enter")
    expect(operator.get_by_role("heading", level=1)).to_have_text("Ada invites you to Acme")
    mail = operator.frame_locator("iframe")
    expect(mail.get_by_text("Ada invites you to join Acme.")).to_be_visible()
    with operator.context.expect_page() as opened:
        mail.get_by_role("link", name="Accept the invitation").click()
    expect(opened.value).to_have_url(f"{either_server.base_url}/?invitation=1")
    keyboard("Text")
    operator.keyboard.press("Enter")
    expect(operator.get_by_label("The mail as text")).to_contain_text("?invitation=1")


def test_words_are_changed_looked_at_and_saved(either_server, operator, keyboard):
    operator.goto("/dashboard/mail/kinds/trial_ending?in=en")
    operator.get_by_label("Subject").fill("{plan} ends soon")
    operator.get_by_label("Paragraphs").fill(f"Dear {{customer}},\n\n{HOSTILE.replace('{inviter}', '')}")
    keyboard("Preview")
    operator.keyboard.press("Enter")
    preview = operator.frame_locator("iframe")
    expect(preview.get_by_text("Dear Grace Hopper,")).to_be_visible()
    expect(preview.get_by_text("<img src=x")).to_be_visible()
    expect(operator.locator("#preview-subject")).to_have_text("Pro ends soon")
    keyboard("Save")
    operator.keyboard.press("Enter")
    expect(operator.get_by_role("status")).to_have_text("Your changes were saved.")
    keyboard("Back to the usual words")
    operator.keyboard.press("Enter")
    expect(operator.get_by_label("Subject")).to_have_value("Your trial of {plan} ends on {ends_on}")


def test_a_hostile_name_in_a_mail_is_text_wherever_it_is_shown(either_server, operator):
    invite(either_server, HOSTILE)
    operator.goto("/dashboard/mail/sent")
    operator.get_by_role("link", name="<img src=x").first.click()
    for view in ("", "?view=text", "?view=headers", "?view=source"):
        operator.goto(operator.url.partition("?")[0] + view)
        expect(operator.get_by_role("heading", level=1)).to_contain_text("<img src=x")
        assert operator.title() not in ("1", "2")
        assert operator.locator("img[src=x]").count() == 0
        assert operator.frames[-1].locator("img[src=x], script").count() == 0 or view
