"""Names in translated sentences: what a template prints of them."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader

from billing_sdk.server.words import environment, languages_in, phrase

HIDING = "Ada\u202egnp.exe\u200b<b>"
SHOWN = "Join Adagnp.exe&lt;b&gt;"


@pytest.mark.parametrize(
    "template",
    [
        '{{ _("Join %(name)s", name=name) }}',
        "{% trans name=name %}Join {{ name }}{% endtrans %}",
        '{{ ngettext("Join %(name)s", "Join all", 1, name=name) }}',
        "{{ said }}",
    ],
)
def test_a_name_in_a_sentence_is_escaped_and_loses_what_hides_or_turns_words(template):
    english = environment("billing_sdk.server.pages", languages_in().best(["en"])).overlay()
    english.loader = DictLoader({"page": template})
    page = english.get_template("page")
    assert page.render(name=HIDING, said=phrase("Join %(name)s", name=HIDING)) == SHOWN
