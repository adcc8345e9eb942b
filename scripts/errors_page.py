"""Write docs/errors.md from the catalogue; a test compares the two."""

from __future__ import annotations

from pathlib import Path

from billing_sdk import errors

PAGE = Path(__file__).parents[1] / "docs" / "errors.md"

INTRODUCTION = """\
# Errors

Everything that goes wrong is a `BillingError`, and each class is one code. The server answers with a problem document
(RFC 9457) whose `type` ends with the code, the SDK raises the class of that code, and this page has an anchor for each.
Catch the class that you can do something about; `APIError` is whatever a server refused, `Unreachable` whatever it did
not answer. A code that your version does not know arrives as a plain `APIError` with that code's detail.
"""


def render() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for found in sorted(errors.catalogue(), key=lambda found: found.code):
        parents = ", ".join(f"`{base.__name__}`" for base in found.__mro__[1:] if issubclass(base, errors.BillingError))
        parts.append(
            f"## {found.code} {{#{found.code}}}\n\n"
            f"`{found.__name__}`"
            + (f" (also caught as {parents})" if parents else "")
            + f", HTTP {found.status}. {(found.__doc__ or '').strip().splitlines()[0]}\n\n"
            f"What to do: {found.default_remedy}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render())
