"""The frame of a page that has no template of its own: errors, and signing out."""

from __future__ import annotations

from html import escape

FRAME = """<!doctype html>
<html lang="en">
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


def plain_page(title: str, *paragraphs: str, markup: str = "") -> str:
    """Return a page with a heading and paragraphs of text, which are escaped.

    Args:
        title: the heading, and the title of the window.
        *paragraphs: plain text.
        markup: HTML that follows the paragraphs as it stands; whoever makes it has escaped what is in it.
    """
    leads = [f'<p class="lead">{escape(text)}</p>' for text in paragraphs]
    return FRAME.format(title=escape(title), content="\n".join([*leads, markup]))
