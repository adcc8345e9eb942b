"""The brand: name, logo, colours, letters, links and words of the pages that customers see, with a preview."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, PayloadTooLarge, PreconditionFailed
from billing_sdk.server import web
from billing_sdk.server.domain.workspace import FILE_KINDS, Brand, BrandTexts, Corners, FileKind, FontStack, Palette
from billing_sdk.server.domain.workspace.colours import Colour
from billing_sdk.server.pages.brand import brand_sheet
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.preview import NAMES, page_named, show_preview
from billing_sdk.server.usecases.update_brand import MAX_TEXT_LENGTH, MAX_URL_LENGTH, update_brand
from billing_sdk.server.usecases.versions import version_of
from billing_sdk.server.web.languages import known_languages
from billing_sdk.server.words import Language, Phrase, phrase

BRAND: Final = "/dashboard/brand"
PREVIEW: Final = f"{BRAND}/preview"
FONT_NAMES: Final[dict[FontStack, Phrase]] = {
    "system": phrase("That of the device"),
    "humanist": phrase("Open, written (humanist)"),
    "geometric": phrase("Round, drawn (geometric)"),
    "serif": phrase("With serifs"),
    "own": phrase("Your own, uploaded below"),
}
CORNER_NAMES: Final[dict[Corners, Phrase]] = {
    "square": phrase("Square"),
    "soft": phrase("Soft"),
    "round": phrase("Round"),
}
FILE_FIELDS: Final[dict[FileKind, str]] = {"logo": "logo", "icon": "icon", "font": "font_file"}
TENTHS: Final = Decimal("0.1")
TEXT_FIELDS: Final = ("name", "accent", "dark_accent", "support_url", "terms_url", "privacy_url")


@dataclass(frozen=True, slots=True)
class Swatch:
    """What became of a colour, so that it can be shown and told.

    Attributes:
        scheme: in which scheme it is seen.
        palette: what was made of it.
    """

    scheme: Phrase
    palette: Palette

    @property
    def words(self) -> Phrase:
        """Whether the colour is used as it was chosen."""
        if self.palette.is_adjusted:
            return phrase(
                "%(chosen)s could not be read (%(contrast)s to 1, and 4.5 is needed), so %(used)s is used.",
                chosen=str(self.palette.chosen),
                contrast=self.palette.contrast.quantize(TENTHS),
                used=str(self.palette.accent),
            )
        return phrase("%(chosen)s is used as it is: it can be read.", chosen=str(self.palette.chosen))


def show_brand(seat: Seat) -> Response:
    """Show how pages look, and what can be changed about it."""
    with seat.engine.read() as tx:
        brand = tx.brand.get()
    return _page(seat, brand, Form({**_typed(brand), "version": version_of(brand)}))


def save_brand(seat: Seat, form: Form) -> Response:
    """Store how pages look from now on."""
    with seat.engine.read() as tx:
        before = tx.brand.get()
    uploaded = web.upload_of(seat.request).files
    files = {kind: uploaded[name] for kind, name in FILE_FIELDS.items() if name in uploaded}
    dropped = tuple(kind for kind in FILE_KINDS if form.value(f"drop_{kind}"))
    try:
        update_brand(
            seat.engine,
            brand=_brand(seat, form),
            files=files,
            dropped=dropped,
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except (InvalidRequest, PreconditionFailed, PayloadTooLarge) as error:
        return _page(seat, before, _with_files(form).refused(error))
    return seat.go_to(BRAND, "saved")


def show_page(seat: Seat) -> Response:
    """Show a page as it looks now."""
    return show_preview(seat.request, seat.engine, page_named(seat.request.path_params["name"]))


def show_typed(seat: Seat, form: Form) -> Response:
    """Show a page as it would look with what is typed into the form; nothing is stored."""
    name = page_named(form.text("preview") or seat.request.path_params["name"])
    with seat.engine.read() as tx:
        before = tx.brand.get()
    typed = _brand(seat, form)
    looks = {"accent": typed.accent, "dark_accent": typed.dark_accent, "font": typed.font, "corners": typed.corners}
    brand = Brand(
        name=typed.name,
        support_url=typed.support_url if typed.support_url.startswith(("https://", "mailto:")) else "",
        texts=typed.texts,
        files=before.files,
    )
    return show_preview(seat.request, seat.engine, name, brand=brand, sheet_url=f"{BRAND}/sheet.css?{urlencode(looks)}")


def send_sheet(seat: Seat) -> Response:
    """Send the style sheet of a look that is being tried; what can't be one is as it is now."""
    with seat.engine.read() as tx:
        now = tx.brand.get()
    asked = seat.request.query_params
    tried = Brand(
        accent=_colour(asked.get("accent", ""), now.accent),
        dark_accent=_colour(asked.get("dark_accent", ""), ""),
        font=_font(asked.get("font", "")),
        corners=_corners(asked.get("corners", "")),
        files=now.files,
    )
    return Response(brand_sheet(tried), media_type="text/css")


def _page(seat: Seat, brand: Brand, form: Form) -> Response:
    web.allow_frames(seat.request)
    languages = known_languages(seat.request).offered
    return seat.show(
        "brand",
        form,
        brand_now=brand,
        swatches=[
            Swatch(phrase("On light pages"), brand.palette("light")),
            Swatch(phrase("On dark pages"), brand.palette("dark")),
        ],
        fonts=list(FONT_NAMES.items()),
        corners=list(CORNER_NAMES.items()),
        previews=list(NAMES.items()),
        shown_preview=page_named(seat.request.query_params.get("preview", "")),
        text_languages=languages,
        max_text=MAX_TEXT_LENGTH,
        max_url=MAX_URL_LENGTH,
    )


def _typed(brand: Brand) -> dict[str, str]:
    """Return what the form shows of a brand."""
    values = {name: str(getattr(brand, name)) for name in (*TEXT_FIELDS, "font", "corners")}
    for tag, texts in brand.texts.items():
        values |= {f"welcome_{tag}": texts.welcome, f"footer_{tag}": texts.footer}
    return values


def _brand(seat: Seat, form: Form) -> Brand:
    return Brand(
        name=form.text("name"),
        accent=form.text("accent"),
        dark_accent=form.text("dark_accent"),
        support_url=form.text("support_url"),
        terms_url=form.text("terms_url"),
        privacy_url=form.text("privacy_url"),
        font=_font(form.text("font")),
        corners=_corners(form.text("corners")),
        texts=dict(filter(None, (_texts(form, language) for language in known_languages(seat.request).all))),
    )


def _texts(form: Form, language: Language) -> tuple[str, BrandTexts] | None:
    welcome, footer = f"welcome_{language.tag}", f"footer_{language.tag}"
    texts = BrandTexts(form.text(welcome), form.text(footer))
    return (language.tag, texts) if texts != BrandTexts() else None


def _font(name: str) -> FontStack:
    return next((known for known in FONT_NAMES if known == name), "system")


def _corners(name: str) -> Corners:
    return next((known for known in CORNER_NAMES if known == name), "soft")


def _colour(written: str, otherwise: str) -> str:
    try:
        return str(Colour.of(written))
    except InvalidRequest:
        return otherwise


def _with_files(form: Form) -> Form:
    """Return the form with a field for each file, so that what is wrong with one is said beside it."""
    for kind in ("logo", "icon"):
        form = form.showing(kind, "")
    return form


ROUTES: Final = (
    seat_route(BRAND, show_brand, save_brand, takes_files=True),
    seat_route(f"{BRAND}/sheet.css", send_sheet),
    seat_route(f"{PREVIEW}/{{name}}", show_page, show_typed, takes_files=True, repeats=True),
)
