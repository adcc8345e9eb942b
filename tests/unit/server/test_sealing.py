"""What is sealed opens with its own key and in its own place only, and a key is looked after like one."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_sdk._secret import Secret
from billing_sdk.errors import ConfigurationError, InvalidSetting, MissingSetting
from billing_sdk.server.sealing import Sealer, SealingKey, read_keys
from billing_sdk.server.sealing_keys import PUBLISHED, sealer_for
from billing_sdk.server.settings import Settings

pytestmark = pytest.mark.attack(196)

LOCAL = "http://127.0.0.1:9000"
PUBLIC = "https://billing.example.com"
KEY = SealingKey.generate("one")
OTHER = SealingKey.generate("two")
TEXT = Secret("-----BEGIN PRIVATE KEY-----")
PLACE = "signing_keys/kid-1"


def settings(url: str = "sqlite:///unused.db", *keys: SealingKey, **more: object) -> Settings:
    given = Secret(" ".join(key.write() for key in keys)) if keys else None
    return Settings(more.pop("base_url", LOCAL), url, sealing_keys=given, **more)


def test_what_is_sealed_is_not_to_be_read_and_opens_again():
    sealed = Sealer([KEY]).seal(TEXT, place=PLACE)
    assert TEXT.reveal() not in sealed
    assert Sealer([KEY]).open(sealed, place=PLACE) == TEXT


def test_the_same_secret_is_sealed_differently_each_time():
    assert len({Sealer([KEY]).seal(TEXT, place=PLACE) for _ in range(50)}) == 50


@pytest.mark.parametrize("place", ["signing_keys/kid-2", "seeds/kid-1", ""])
def test_what_is_moved_to_another_row_does_not_open(place):
    sealed = Sealer([KEY]).seal(TEXT, place=PLACE)
    with pytest.raises(ConfigurationError, match="changed or moved"):
        Sealer([KEY]).open(sealed, place=place)


def test_a_change_of_any_character_is_noticed():
    sealed = Sealer([KEY]).seal(TEXT, place=PLACE)
    for position in range(len(sealed)):
        other = "A" if sealed[position] != "A" else "B"
        with pytest.raises(ConfigurationError):
            Sealer([KEY]).open(sealed[:position] + other + sealed[position + 1 :], place=PLACE)


def test_another_key_of_the_same_name_does_not_open():
    sealed = Sealer([KEY]).seal(TEXT, place=PLACE)
    with pytest.raises(ConfigurationError, match="another one"):
        Sealer([SealingKey.generate("one")]).open(sealed, place=PLACE)


def test_every_key_opens_and_the_first_one_seals():
    old = Sealer([KEY]).seal(TEXT, place=PLACE)
    both = Sealer([OTHER, KEY])
    assert both.open(old, place=PLACE) == TEXT
    assert not both.is_current(old)
    assert both.is_current(both.seal(TEXT, place=PLACE))
    with pytest.raises(ConfigurationError, match="BILLING_SERVER_SEALING_KEYS"):
        Sealer([OTHER]).open(old, place=PLACE)


@pytest.mark.parametrize("text", ["", "one", "one:short", f"one:{'a' * 44}", f"ONE:{'a' * 43}", "one:" + "ä" * 43])
def test_keys_that_can_not_be_read_are_refused_without_being_shown(text):
    with pytest.raises(InvalidSetting, match="new-sealing-key") as refusal:
        sealer_for(Settings(LOCAL, "sqlite://", sealing_keys=Secret(text or " ")))
    assert text == "" or "aaaa" not in str(refusal.value)


def test_two_keys_of_one_name_are_refused():
    with pytest.raises(ValueError, match="same name"):
        read_keys(f"{KEY.write()},{SealingKey.generate('one').write()}")


def test_a_key_shows_its_name_only():
    assert repr(KEY) == "SealingKey(name='one')"
    assert read_keys(f" {KEY.write()}\n{OTHER.write()} ") == (KEY, OTHER)


@pytest.mark.attack(197)
def test_a_live_environment_does_not_start_without_sealing_keys_of_its_own():
    with pytest.raises(MissingSetting, match="BILLING_SERVER_SEALING_KEYS"):
        sealer_for(settings(base_url=PUBLIC, environment="live"))
    with pytest.raises(InvalidSetting, match="published test key"):
        sealer_for(
            settings(
                "sqlite:///unused.db", KEY, SealingKey("mine", PUBLISHED.octets), base_url=PUBLIC, environment="live"
            )
        )
    sealer_for(settings("sqlite:///unused.db", KEY, base_url=PUBLIC, environment="live"))


@pytest.mark.attack(198)
def test_a_test_environment_makes_a_key_beside_its_database_for_its_owner_alone(tmp_path):
    sealer = sealer_for(settings(f"sqlite:///{tmp_path / 'billing.db'}"))
    (file,) = tmp_path.iterdir()
    assert file.name == "billing.db.sealing-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = sealer_for(settings(f"sqlite:///{tmp_path / 'billing.db'}"))
    assert again.open(sealer.seal(TEXT, place=PLACE), place=PLACE) == TEXT


def test_processes_that_start_together_agree_on_the_key(tmp_path):
    chosen = settings(f"sqlite:///{tmp_path / 'billing.db'}")
    with ThreadPoolExecutor(8) as pool:
        sealers = list(pool.map(lambda _: sealer_for(chosen), range(8)))
    sealed = sealers[0].seal(TEXT, place=PLACE)
    assert all(sealer.open(sealed, place=PLACE) == TEXT for sealer in sealers)
    assert [file.name for file in tmp_path.iterdir()] == ["billing.db.sealing-key"]


@pytest.mark.attack(198)
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_can_reach_is_refused(tmp_path, mode):
    file = tmp_path / "keys"
    file.write_text(KEY.write())
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        sealer_for(settings(sealing_keys_file=str(file)))


@pytest.mark.attack(198)
def test_a_key_file_that_is_a_link_is_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text(KEY.write())
    target.chmod(0o600)
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "billing.db.sealing-key").symlink_to(target)
    for chosen in (
        settings(sealing_keys_file=str(tmp_path / "link")),
        settings(f"sqlite:///{tmp_path / 'billing.db'}"),
    ):
        with pytest.raises(ConfigurationError, match="not followed"):
            sealer_for(chosen)


@pytest.mark.attack(198)
def test_a_key_file_that_belongs_to_somebody_else_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "keys"
    file.write_text(KEY.write())
    file.chmod(0o600)
    theirs = os.stat_result([*file.stat()[:4], os.geteuid() + 1, *file.stat()[5:10]])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda descriptor: theirs)
        with pytest.raises(ConfigurationError, match="others can"):
            sealer_for(settings(sealing_keys_file=str(file)))
    sealer_for(settings(sealing_keys_file=str(file)))


def test_a_key_file_of_its_own_is_read(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{OTHER.write()}\n{KEY.write()}\n")
    file.chmod(0o600)
    sealed = Sealer([KEY]).seal(TEXT, place=PLACE)
    assert sealer_for(settings(sealing_keys_file=str(file))).open(sealed, place=PLACE) == TEXT


def test_looking_without_making_needs_the_file(tmp_path):
    with pytest.raises(ConfigurationError, match="can't read"):
        sealer_for(settings(f"sqlite:///{tmp_path / 'billing.db'}"), may_make=False)
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_memory_has_a_key_that_is_gone_with_it():
    sealed = sealer_for(settings("sqlite://")).seal(TEXT, place=PLACE)
    with pytest.raises(ConfigurationError):
        sealer_for(settings("sqlite://")).open(sealed, place=PLACE)
