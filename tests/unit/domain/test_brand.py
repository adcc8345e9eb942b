"""The brand: colours that can be read whatever was chosen, words in the reader's language, and what may be uploaded."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib.resources import files

import pytest

from billing_sdk.errors import InvalidRequest, PayloadTooLarge
from billing_sdk.server.domain.workspace import Brand, BrandFile, BrandTexts
from billing_sdk.server.domain.workspace.brand import DARK_GROUNDS, LIGHT_GROUNDS
from billing_sdk.server.domain.workspace.colours import BLACK, TEXT_CONTRAST, WHITE, Colour, contrast
from billing_sdk.server.domain.workspace.uploads import check_weight, uploaded_file

INKS = {"light": Colour.of("#1a1c20"), "dark": Colour.of("#eceef1")}
GROUNDS = {"light": LIGHT_GROUNDS, "dark": DARK_GROUNDS}
CHOSEN = ("#24509f", "#ffd400", "#ffffff", "#000000", "#00ff00", "#ff0000", "#0000ff", "#777", "#e91e63", "#111316")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000", "#fff", "21"), ("#777777", "#ffffff", "4.48"), ("#24509f", "#24509f", "1"), ("#ff0000", "#fff", "4.00")],
)
def test_contrast_is_that_of_the_guidelines(one, other, expected):
    found = contrast(Colour.of(one), Colour.of(other))
    assert found.quantize(Decimal("0.01")) == Decimal(expected)
    assert found == contrast(Colour.of(other), Colour.of(one))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("chosen", CHOSEN)
def test_whatever_colour_is_chosen_everything_can_be_read(scheme, chosen):
    palette = Brand(accent=chosen).palette(scheme)
    seen = [
        *((palette.accent, ground) for ground in GROUNDS[scheme]),
        *((palette.strong, ground) for ground in (palette.soft, *GROUNDS[scheme])),
        (palette.on_accent, palette.accent),
        (palette.on_accent, palette.strong),
        (INKS[scheme], palette.soft),
    ]
    assert [str(one) for one, ground in seen if contrast(one, ground) < TEXT_CONTRAST] == []


def test_a_colour_that_can_be_read_stays_as_it_was_chosen_and_another_one_is_told_of():
    brand = Brand(accent="#24509f", dark_accent="#ffd400")
    assert not brand.palette("light").is_adjusted
    assert not brand.palette("dark").is_adjusted
    bright = Brand(accent="#ffd400").palette("light")
    assert (bright.is_adjusted, str(bright.accent)) == (True, "#856e00")
    assert bright.contrast < 2


@pytest.mark.parametrize("written", ["red", "#12", "#1234567", "24509f", "#24509f;}", "#\u06624509f", ""])
def test_a_colour_is_written_in_one_way(written):
    with pytest.raises(InvalidRequest):
        Colour.of(written)


def test_the_grounds_that_colours_are_checked_on_are_those_of_the_style_sheet():
    sheet = files("billing_sdk.server.pages").joinpath("static", "base.css").read_text()
    light, dark, *_ = re.split(r"@media \(prefers-color-scheme: dark\)", sheet)
    for part, grounds in ((light, LIGHT_GROUNDS), (dark, DARK_GROUNDS)):
        written = dict(re.findall(r"--(canvas|surface|raised): (#[0-9a-f]{6});", part))
        assert [str(ground) for ground in grounds] == [written[name] for name in ("canvas", "surface", "raised")]


def test_words_are_in_the_language_of_the_reader_or_in_the_first_that_there_are():
    brand = Brand(texts={"de": BrandTexts("Willkommen"), "en": BrandTexts("Welcome")})
    assert brand.texts_in(["de-AT", "en"])[0] == "de"
    assert brand.texts_in(["tr", "en"]) == ("en", BrandTexts("Welcome"))
    assert brand.texts_in(["tr"])[0] == "de"
    assert Brand().texts_in(["tr"]) == ("", BrandTexts())


PNG = b"\x89PNG\r\n\x1a\n rest"
SVG = b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.attack(161)
@pytest.mark.parametrize(
    ("kind", "content", "media_type"),
    [
        ("logo", PNG, "image/png"),
        ("icon", b"\xff\xd8\xff\xe0 rest", "image/jpeg"),
        ("logo", b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("logo", SVG, "image/svg+xml"),
        ("font", b"wOF2\x00\x01\x00\x00", "font/woff2"),
        ("logo", b"<html><script>alert(1)</script></html>", None),
        ("logo", b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>', None),
        ("logo", b'<svg><!ENTITY a "b"></svg>', None),
        ("logo", b"wOF2\x00\x01\x00\x00", None),
        ("font", PNG, None),
        ("icon", b"\xfe\xff\x00<", None),
        ("icon", b"", None),
    ],
)
def test_an_upload_is_what_its_content_says(kind, content, media_type):
    if media_type is None:
        with pytest.raises(InvalidRequest, match=f"the {kind} is not"):
            uploaded_file(kind, content)
    else:
        assert uploaded_file(kind, content).media_type == media_type


def test_an_upload_is_light_and_so_are_all_of_them_together():
    with pytest.raises(PayloadTooLarge):
        uploaded_file("icon", PNG + bytes(20_000))
    parts = {kind: BrandFile("image/png", "d", 45_000) for kind in ("logo", "font")}
    with pytest.raises(PayloadTooLarge):
        check_weight(parts, "font")
    check_weight({"logo": parts["logo"]}, "logo")


def test_white_and_black_are_the_ends():
    assert (WHITE.luminance, BLACK.luminance) == (1, 0)
