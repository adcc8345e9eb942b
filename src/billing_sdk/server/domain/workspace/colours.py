"""Colours: how much they differ to an eye, and what makes of an operator's colour one that can be read.

Source: Web Content Accessibility Guidelines 2.2, "relative luminance" and "contrast ratio"; success criteria 1.4.3
(text, 4.5 to 1) and 1.4.11 (controls and what shows the focus, 3 to 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Self

from billing_sdk.errors import InvalidRequest

HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.ASCII)
TEXT_CONTRAST: Final = Decimal("4.5")
FOCUS_CONTRAST: Final = Decimal(3)
# How far one colour is taken towards another before it is looked at again.
STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour of a screen (sRGB), each part from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the colour of `#24509f`.

        Raises:
            InvalidRequest: it is written another way.
        """
        written = text.strip().lower()
        if not HEX.fullmatch(written):
            raise InvalidRequest("a colour is written as #24509f", remedy="Write it as # and six digits from 0 to f.")
        digits = written[1:]
        if len(digits) == 3:
            digits = "".join(digit * 2 for digit in digits)
        return cls(*(int(digits[place : place + 2], 16) for place in (0, 2, 4)))

    def __str__(self) -> str:
        """Write it as style sheets do."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> Decimal:
        """How bright it is, from 0 (black) to 1 (white)."""
        red, green, blue = (_linear(part) for part in (self.red, self.green, self.blue))
        return Decimal("0.2126") * red + Decimal("0.7152") * green + Decimal("0.0722") * blue

    def mixed(self, other: Colour, steps: int) -> Colour:
        """Return the colour that is so many hundredths of the way to another one."""
        pairs = ((self.red, other.red), (self.green, other.green), (self.blue, other.blue))
        return Colour(*((here * (STEPS - steps) + there * steps + STEPS // 2) // STEPS for here, there in pairs))


BLACK: Final = Colour(0, 0, 0)
WHITE: Final = Colour(255, 255, 255)


def contrast(one: Colour, other: Colour) -> Decimal:
    """Return how well two colours are told apart, from 1 (not at all) to 21."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + Decimal("0.05")) / (darker + Decimal("0.05"))


def least_contrast(colour: Colour, grounds: Iterable[Colour]) -> Decimal:
    """Return the contrast of a colour with the ground that it is hardest to see on."""
    return min(contrast(colour, ground) for ground in grounds)


def readable(colour: Colour, grounds: tuple[Colour, ...], towards: Colour, wanted: Decimal = TEXT_CONTRAST) -> Colour:
    """Return the colour itself where it can be read on all grounds, or the nearest one on the way to another that can.

    Args:
        colour: what somebody has chosen.
        grounds: what it is seen on.
        towards: black on light grounds, white on dark ones; that one can be read on all of them.
        wanted: the contrast.
    """
    mixed = (colour.mixed(towards, steps) for steps in range(STEPS + 1))
    return next((one for one in mixed if least_contrast(one, grounds) >= wanted), towards)


def text_on(ground: Colour, dark: Colour = BLACK) -> Colour:
    """Return white or a dark colour, whichever is read better on a ground; one of white and black always can be."""
    return max((WHITE, dark, BLACK), key=lambda colour: (contrast(colour, ground) >= TEXT_CONTRAST, colour == WHITE))


@lru_cache(maxsize=256)
def _linear(part: int) -> Decimal:
    value = Decimal(part) / 255
    if value <= Decimal("0.04045"):
        return value / Decimal("12.92")
    return ((value + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
