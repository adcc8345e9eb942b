"""What is asked of what is known about a person, wherever somebody enters it."""

from __future__ import annotations

import re

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.customers.address import LANGUAGE
from billing_sdk.server.domain.identity.application import origin_of

# RFC 5321, section 4.5.3.1: 64 octets before the @, 254 in all. The characters that RFC 5322 (section 3.2.3) calls
# special are allowed in quotes only, which nobody's address needs; a domain of the public net has a dot.
EMAIL = re.compile(r"""[^@\s<>()\[\]\\,;:"]{1,64}@[^@\s.<>()\[\]\\,;:"]+(\.[^@\s.<>()\[\]\\,;:"]+)+""")
MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 100
MAX_PROVIDED_ID_LENGTH = 255
MAX_PICTURE_LENGTH = 2_048


def normal_email(text: str, parameter: str = "email") -> str:
    """Return an e-mail address in lower case, without space around it.

    Raises:
        InvalidRequest: it does not have the shape of one.
    """
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_LENGTH or not email.isprintable() or not EMAIL.fullmatch(email):
        raise InvalidRequest(f"{parameter} is not an e-mail address", parameter=parameter)
    return email


def normal_name(text: str, parameter: str, *, is_required: bool = False) -> str:
    """Return a name without space around it.

    Raises:
        InvalidRequest: it is too long, holds control characters, or is empty where one is needed.
    """
    name = text.strip()
    if len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidRequest(
            f"{parameter} is longer than {MAX_NAME_LENGTH} characters or not printable", parameter=parameter
        )
    if is_required and not name:
        raise InvalidRequest(f"{parameter} is empty", parameter=parameter)
    return name


def normal_picture(url: str | None) -> str | None:
    """Return the address of a picture that a page may show; None where there is none.

    Raises:
        InvalidRequest: it is not an absolute http(s) address, or holds characters that are not shown.
    """
    if not url:
        return None
    if len(url) > MAX_PICTURE_LENGTH or not url.isprintable() or origin_of(url) is None:
        raise InvalidRequest("picture is not an absolute http or https address", parameter="picture")
    return url


def normal_provided_id(text: str | None) -> str | None:
    """Return the id that another system knows somebody by; None where there is none.

    Raises:
        InvalidRequest: it is too long, or holds characters that are not shown.
    """
    if text is not None and (len(text) > MAX_PROVIDED_ID_LENGTH or not text.isprintable()):
        raise InvalidRequest(
            f"provided_id is longer than {MAX_PROVIDED_ID_LENGTH} characters or not printable", parameter="provided_id"
        )
    return text


def normal_language(tag: str | None) -> str | None:
    """Return the tag of the language that somebody prefers; None where they prefer none.

    Raises:
        InvalidRequest: it does not have the shape of one (RFC 5646).
    """
    if not tag:
        return None
    if not LANGUAGE.fullmatch(tag):
        raise InvalidRequest("language is no language tag", parameter="language")
    return tag
