"""Where the sealing keys come from: the settings, or in a test environment a file beside the database."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

from billing_sdk.errors import ConfigurationError, InvalidSetting, MissingSetting
from billing_sdk.server.sealing import Sealer, SealingKey, read_keys
from billing_sdk.server.settings import PREFIX, Settings

VARIABLE = f"{PREFIX}SEALING_KEYS"
FILE_SUFFIX = ".sealing-key"
LONGEST_FILE_BYTES = 16_384
# For test environments on PostgreSQL, whose processes share no file. It protects nothing, and live refuses it. No key
# of the settings can have its name, since theirs are in small letters.
PUBLISHED = SealingKey("PUBLISHED", hashlib.sha256(b"billing-sdk: everybody knows this key").digest())


def sealer_for(settings: Settings, *, may_make: bool = True) -> Sealer:
    """Return the sealer of a server.

    Args:
        settings: its settings.
        may_make: whether a test environment on SQLite makes its key file where there is none.

    Raises:
        MissingSetting: a live environment has no sealing keys.
        InvalidSetting: the keys can't be read, or are published.
        ConfigurationError: a key file is missing, a link, or others can read it.
    """
    if (keys := configured_keys(settings)) is not None:
        # What a test environment has sealed before it had keys of its own still opens, so that it can be sealed anew.
        return Sealer(keys if settings.environment == "live" else (*keys, PUBLISHED))
    if settings.environment == "live":
        raise MissingSetting("sealing_keys", VARIABLE)
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return Sealer([PUBLISHED])
    if url.database in (None, "", ":memory:"):
        return Sealer([SealingKey.generate("memory")])
    return Sealer(_read(_file_beside(Path(f"{url.database}{FILE_SUFFIX}"), may_make=may_make)))


def configured_keys(settings: Settings) -> tuple[SealingKey, ...] | None:
    """Return the keys that the settings give, by themselves or in a file."""
    if settings.sealing_keys:
        keys = _read(settings.sealing_keys.reveal())
    elif settings.sealing_keys_file:
        keys = _read(read_private_file(Path(settings.sealing_keys_file)))
    else:
        return None
    if settings.environment == "live" and any(key.octets == PUBLISHED.octets for key in keys):
        raise InvalidSetting("sealing_keys has the published test key in a live environment", setting=VARIABLE)
    return keys


def read_private_file(path: Path) -> str:
    """Return the text of a file that nobody but its owner can read.

    Raises:
        ConfigurationError: it is not there, is a link, or others can read or write it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(
            f"can't read the key file {path.name} ({error.strerror})",
            remedy="It has to be a plain file of this user; a link is not followed.",
        ) from None
    with open(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077 or facts.st_uid not in (0, os.geteuid()):
            raise ConfigurationError(
                f"others can read or write the key file {path.name}", remedy=f"Run chmod 600 {path.name}."
            )
        return file.read(LONGEST_FILE_BYTES).decode("ascii", "replace")


def _file_beside(path: Path, *, may_make: bool) -> str:
    if may_make and not path.exists():
        _make(path)
    return read_private_file(path)


def _make(path: Path) -> None:
    """Put a new key in place whole, unless another process is quicker."""
    passing = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(f"{SealingKey.generate('local').write()}\n")
        with suppress(FileExistsError):
            os.link(passing, path)
        passing.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"can't make the key file {path.name} ({error.strerror})",
            remedy=f"Choose a writable place for the database, or set {VARIABLE}.",
        ) from None


def _read(text: str) -> tuple[SealingKey, ...]:
    try:
        return read_keys(text)
    except ValueError as error:
        # Not a word of the text itself: it is a key, or nearly one.
        raise InvalidSetting(
            f"the sealing keys can't be read: {error}",
            remedy="Make one with `billing-sdk keys new-sealing-key`.",
            setting=VARIABLE,
        ) from None
