"""ClickHouse's HTTP interface before the engine in this process: as much of it as a client needs (HTTP Interface)."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame

NATIVE = re.compile(rb"\s*FORMAT Native\s*$")
OF_TRANSPORT = re.compile(
    r"query|query_id|database|wait_end_of_query|.*http.*|client_protocol_version|compress|param_.*"
)
MOST_IN_A_FIELD = 128 * 1_024


@contextmanager
def served(path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the address of what is in a directory, and a list that comes to hold the statements that arrive."""
    statements: list[str] = []
    engine = chdb.connect(os.path.realpath(path))
    lock = threading.Lock()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            statement, data, fields = taken_apart(self.headers, self.sent())
            statement = given.get("query", "").encode() or fields.pop("query", "").encode() or statement
            statements.append(statement.decode())
            parameters = {name[6:]: value for name, value in {**given, **fields}.items() if name.startswith("param_")}
            settings = {name: value for name, value in given.items() if not OF_TRANSPORT.fullmatch(name)}
            with lock:
                answer = answered(engine, statement, data, parameters, settings)
            self.send_response(200)
            self.send_header("X-ClickHouse-Timezone", "UTC")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def sent(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers["Content-Length"] or 0))
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def log_message(self, *_):
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"clickhouse://default:p%40ss@127.0.0.1:{server.server_port}/default", statements
    server.shutdown()
    thread.join()
    server.server_close()
    engine.close()


def taken_apart(headers, body: bytes) -> tuple[bytes, bytes, dict[str, str]]:
    """Return the statement, the rows that come with it, and the fields of a form."""
    if headers.get("Content-Encoding") == "lz4":
        body = lz4.frame.decompress(body)
    kind = headers.get("Content-Type") or ""
    if kind.startswith("multipart/form-data"):
        form = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}
        fields = {name: part.get_payload(decode=True) for name, part in parts.items()}
        assert all(len(value) <= MOST_IN_A_FIELD for value in fields.values())
        return b"", b"", {name: value.decode() for name, value in fields.items()}
    if body.startswith(b"INSERT"):
        statement, _, data = body.partition(b"FORMAT Native\n")
        return statement, data, {}
    return body, b"", {}


def answered(engine, statement: bytes, data: bytes, parameters: dict[str, str], settings: dict[str, str]) -> bytes:
    """Have the engine do it, and return the answer."""
    if not statement.startswith(b"INSERT"):
        form = "Native" if NATIVE.search(statement) else "TabSeparated"
        return bytes(engine.query(NATIVE.sub(b"", statement).decode(), form, params=parameters).bytes())
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        said = ", ".join(f"{name} = '{value}'" for name, value in settings.items())
        engine.query(f"{statement.decode()} FROM INFILE '{file.name}' SETTINGS {said} FORMAT Native")
    return b""
