"""The operator's own program, run beside the server."""

from __future__ import annotations

import json
import sys
import threading

import pytest

from billing_sdk.cli.child import Child


@pytest.mark.attack(196)
def test_a_program_beside_the_server_gets_none_of_the_servers_own_settings(monkeypatch, tmp_path):
    for name in ("SEALING_KEY", "SEALING_KEY_FILE", "DATABASE_URL", "ANYTHING"):
        monkeypatch.setenv(f"BILLING_SERVER_{name}", "the server's own")
    monkeypatch.setenv("BILLING_THEIRS", "theirs")
    told, has_ended = tmp_path / "told", threading.Event()
    program = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
    Child((sys.executable, "-c", program, str(told)), {"BILLING_ISSUER": "given"}, on_end=has_ended.set)
    assert has_ended.wait(60)
    environment = json.loads(told.read_text())
    assert "the server's own" not in environment.values()
    assert (environment["BILLING_THEIRS"], environment["BILLING_ISSUER"]) == ("theirs", "given")
