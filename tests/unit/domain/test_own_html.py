"""An operator's HTML: what it says stays, what would run, load or send something is left out and told of."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.workspace import PageCode
from billing_sdk.server.domain.workspace.own_code import faults_of
from billing_sdk.server.domain.workspace.own_html import read_own_html


def written(text: str) -> str:
    return "".join(piece.html or f"[{piece.name}]" for piece in read_own_html(text).pieces)


def faults(text: str) -> list[tuple[str, str]]:
    return [(fault.kind, fault.found) for fault in read_own_html(text).faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<h1 class=big>A &amp; B</h1>", '<h1 class="big">A &amp; B</h1>'),
        ("<div><billing-content></billing-content></div>", "<div>[billing-content]</div>"),
        ("<BILLING-LOGO/> <b>x", "[billing-logo] <b>x</b>"),
        ("<p>one</div>two", "<p>onetwo</p>"),
        ("<ul><li>a</ul>b", "<ul><li>a</li></ul>b"),
        ('<img src="/static/brand/logo" alt="x">', '<img src="/static/brand/logo" alt="x">'),
        ('<a href="https://example.com/?a=1&b=2">x</a>', '<a href="https://example.com/?a=1&amp;b=2">x</a>'),
        ('<a href="mailto:a@b.c" aria-label="Mail">x</a>', '<a href="mailto:a@b.c" aria-label="Mail">x</a>'),
        ("a < b & {{ 7 * 7 }} {% x %}", "a &lt; b &amp; {{ 7 * 7 }} {% x %}"),
        ("a <!-- b --> c", "a  c"),
    ],
)
def test_what_says_something_stays_and_is_closed(text, expected):
    assert written(text) == expected
    assert faults(text) == []


@pytest.mark.attack(161, 162, 174)
@pytest.mark.parametrize(
    ("text", "expected", "fault"),
    [
        ("a<script>alert(1)</script>b", "ab", ("script", "<script>")),
        ("a<script>alert('</b>')</script>b", "ab", ("script", "<script>")),
        ("<style>b{}</style>c", "c", ("style", "<style>")),
        ('<b onclick="x()">a</b>', "<b>a</b>", ("handler", "onclick")),
        ('<b style="color:red">a</b>', "<b>a</b>", ("style", "style")),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>", ("address", "javascript:alert(1)")),
        ('<a href=" jav&#09;ascript:alert(1)">a</a>', "<a>a</a>", ("address", " jav\tascript:alert(1)")),
        ('<a href="//evil.example">a</a>', "<a>a</a>", ("foreign", "//evil.example")),
        ('<img src="https://evil.example/p.gif">', "<img>", ("foreign", "https://evil.example/p.gif")),
        ('<img src="\\\\evil.example/p.gif">', "<img>", ("foreign", "\\\\evil.example/p.gif")),
        ('<img src="data:image/svg+xml,x">', "<img>", ("address", "data:image/svg+xml,x")),
        ("<form action='/portal/leave'><b>a</b></form>", "<b>a</b>", ("element", "<form>")),
        ("<base href='/x'>a", "a", ("element", "<base>")),
        ("<meta http-equiv=refresh content='0;url=//evil.example'>a", "a", ("element", "<meta>")),
        ("<iframe src='/portal'>in</iframe>a", "a", ("element", "<iframe>")),
        ("<svg><a href='javascript:x'>b</a></svg>c", "c", ("element", "<svg>")),
        ("<textarea><script>x</script></textarea>c", "c", ("element", "<textarea>")),
        ("<b srcdoc=x>a</b>", "<b>a</b>", ("attribute", "srcdoc")),
    ],
)
def test_what_runs_loads_or_sends_something_is_left_out_and_told_of(text, expected, fault):
    assert written(text) == expected
    assert fault in faults(text)


@pytest.mark.attack(161)
def test_no_text_or_value_gets_out_of_its_place():
    hostile = """<p title='"><script>alert(1)</script>'>&lt;script&gt;alert(1)&lt;/script&gt;</p>"""
    assert "<script" not in written(hostile)
    assert written("<!--><script>alert(1)</script>-->x").count("<script") == 0
    assert written("<!-- never closed <billing-content></billing-content>").count("<") == 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("<billing-content></billing-content>", 1),
        ("<script><billing-content></billing-content></script>", 0),
        ("<billing-content/><billing-content/>", 2),
    ],
)
def test_the_content_is_counted_where_it_would_be_shown(text, count):
    assert read_own_html(text).content_count == count


def test_what_a_browser_stops_of_styles_and_scripts_is_told_with_its_line():
    code = PageCode(
        css='b {}\n@import "x.css";\na { background: url(https://evil.example/a.png) }\ni { background: url(/ok.png) }',
        js="const a = 1;\nfetch('/portal');\neval('1');\nconst b = 'https://evil.example/x.js';",
    )
    found = {part: [(fault.line, fault.found) for fault in told] for part, told in faults_of(code).items()}
    assert found["css"] == [(2, "@import"), (3, "https://evil.example/a.png")]
    assert found["js"] == [(2, "fetch"), (3, "eval("), (4, "https://evil.example/x.js")]
