"""The frame of a page that has no template of its own: errors, and signing out."""

from __future__ import annotations

from html import escape

from starlette.requests import Request

from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import Phrase

FRAME = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="stylesheet" href="/static/base.css">
<link rel="stylesheet" href="/static/parts.css">
<link rel="stylesheet" href="/static/forms.css">
<link rel="stylesheet" href="/static/pages.css">
</head>
<body>
<main class="narrow" id="main">
<div class="panel">
<h1>{title}</h1>
{content}
</div>
</main>
</body>
</html>
"""


def plain_page(request: Request, title: Phrase, *paragraphs: Phrase | None, markup: str = "") -> str:
    """Return a page with a heading and paragraphs of text, in the language of its reader, which are escaped.

    Args:
        request: who reads it.
        title: the heading, and the title of the window.
        *paragraphs: plain text; None and what has no words in the language is passed over.
        markup: HTML that follows the paragraphs as it stands; whoever makes it has escaped what is in it.
    """
    language = language_of(request)
    said = [language.say(text) for text in paragraphs if text is not None]
    leads = [f'<p class="lead">{escape(text)}</p>' for text in said if text]
    return FRAME.format(
        language=language.tag,
        direction=language.direction,
        title=escape(language.say(title)),
        content="\n".join([*leads, markup]),
    )
