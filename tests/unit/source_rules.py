"""What may not be written in the package: found in the syntax tree, so that no spelling of it gets by as text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

FORBIDDEN_MODULES = {
    "pickle": "unpickling runs what it reads",
    "marshal": "reads code",
    "shelve": "pickles",
    "dill": "pickles",
    "telnetlib": "speaks in the clear",
    "ftplib": "speaks in the clear",
    "random": "is guessable; secrets is not",
    "yaml": "makes objects of tags; configuration is JSON or TOML",
    "xml": "expands entities",
    "requests": "waits for ever; the transport is httpx with a deadline",
    "urllib.request": "waits for ever; the transport is httpx with a deadline",
}
FORBIDDEN_CALLS = {
    "eval": "runs text",
    "exec": "runs text",
    "compile": "makes code of text",
    "__import__": "hides an import",
    "os.system": "is a shell",
    "os.popen": "is a shell",
    "subprocess.getoutput": "is a shell",
    "subprocess.getstatusoutput": "is a shell",
    "asyncio.create_subprocess_shell": "is a shell",
    "tempfile.mktemp": "names a file that somebody else can make first",
    "hashlib.md5": "is broken",
    "hashlib.sha1": "is broken",
    "ssl._create_unverified_context": "trusts everybody",
    "jinja2.Template": "does not escape",
}
# Position of the deadline among the arguments, where it may be given without its name.
NEEDS_TIMEOUT = {
    "httpx.Client": None,
    "httpx.AsyncClient": None,
    "httpx.request": None,
    "httpx.get": None,
    "httpx.post": None,
    "httpx.stream": None,
    "socket.create_connection": 1,
    "subprocess.run": None,
    "subprocess.check_output": None,
    "subprocess.check_call": None,
    "subprocess.call": None,
}
SQL_CALLS = frozenset({"text", "execute", "exec_driver_sql", "executemany", "executescript"})
SECRET_NAME = re.compile(
    r"(^|_)(secret|password|passphrase|signature|mac|digest|verifier|csrf|token|nonce|state|pin|otp|hash|key_hash)$"
)
# All that the domain may take from the standard library: nothing here reads a clock, a disk, a socket or chance. The
# zones of `zoneinfo` are data, and what they say of a day depends on nothing else.
PURE_MODULES = frozenset(
    """
    __future__ calendar collections collections.abc contextlib dataclasses datetime decimal enum fractions functools
    hashlib html html.parser ipaddress itertools json math operator re types typing unicodedata urllib.parse zoneinfo
    """.split()
)
IMPURE_CALLS = frozenset({"open", "print", "input", "globals", "breakpoint", "id", "hash"})
# Methods of datetime and date that ask the machine for the time or for its zone.
IMPURE_METHODS = frozenset({"now", "utcnow", "today", "utcfromtimestamp", "timestamp_ns", "astimezone"})


@dataclass(frozen=True, slots=True)
class Breach:
    """One line that breaks a rule."""

    rule: str
    line: int
    what: str


def breaches(source: str) -> Iterator[Breach]:
    """Yield what a module may not contain."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(node)
        elif isinstance(node, ast.Call):
            yield from _calls(node)
        elif isinstance(node, ast.Compare):
            yield from _comparisons(node)
        elif isinstance(node, ast.Attribute) and node.attr == "CERT_NONE":
            yield Breach("tls", node.lineno, "CERT_NONE")
        elif isinstance(node, ast.Assign):
            yield from _assignments(node)


def impurities(source: str) -> Iterator[Breach]:
    """Yield what a module of the domain may not contain: whatever has an answer that its arguments do not give."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for name in names:
                if name not in PURE_MODULES and not name.startswith("billing_sdk"):
                    yield Breach("module", node.lineno, name)
        elif isinstance(node, ast.Call):
            name = _dotted(node.func)
            # With a zone handed in, `astimezone` and `fromtimestamp` only translate.
            is_translation = name.endswith(".astimezone") and bool(node.args or node.keywords)
            is_method = isinstance(node.func, ast.Attribute) and node.func.attr in IMPURE_METHODS
            if name in IMPURE_CALLS or (is_method and not is_translation):
                yield Breach("call", node.lineno, name)
            if name.endswith("fromtimestamp") and len(node.args) + len(node.keywords) < 2:
                yield Breach("call", node.lineno, name)
        elif isinstance(node, ast.AsyncFunctionDef | ast.Global | ast.Nonlocal):
            yield Breach("state", node.lineno, type(node).__name__)
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield Breach("float", node.lineno, str(node.value))
        elif isinstance(node, ast.Name) and node.id == "float":
            yield Breach("float", node.lineno, "float")


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[Breach]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in names:
        for forbidden in FORBIDDEN_MODULES:
            if name == forbidden or name.startswith(f"{forbidden}."):
                yield Breach("module", node.lineno, forbidden)


def _calls(node: ast.Call) -> Iterator[Breach]:
    name = _dotted(node.func)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if name in FORBIDDEN_CALLS:
        yield Breach("call", node.lineno, name)
    if _is(given.get("shell"), True):
        yield Breach("shell", node.lineno, name)
    if _is(given.get("verify"), False) or _is(given.get("check_hostname"), False) or _is(given.get("verify"), None):
        yield Breach("tls", node.lineno, name)
    if name in NEEDS_TIMEOUT:
        position = NEEDS_TIMEOUT[name]
        is_given = "timeout" in given or (position is not None and len(node.args) > position)
        if not is_given or _is(given.get("timeout"), None):
            yield Breach("timeout", node.lineno, name)
    if name.rpartition(".")[2] in SQL_CALLS and node.args and _is_built(node.args[0]):
        yield Breach("sql", node.lineno, name)
    if name.endswith("Environment") and "autoescape" not in given:
        yield Breach("escaping", node.lineno, name)


def _comparisons(node: ast.Compare) -> Iterator[Breach]:
    operands = [node.left, *node.comparators]
    for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
        if (
            not isinstance(operator, ast.Eq | ast.NotEq)
            or isinstance(left, ast.Constant)
            or isinstance(right, ast.Constant)
        ):
            continue
        for operand in (left, right):
            name = _dotted(operand)
            # A column of a table (`users.c.hash == ...`) is a condition in SQL, not a comparison here.
            if SECRET_NAME.search(name.rpartition(".")[2]) and ".c." not in f"{_dotted(left)} {_dotted(right)}":
                yield Breach("comparison", node.lineno, name)
                break


def _assignments(node: ast.Assign) -> Iterator[Breach]:
    for target in node.targets:
        name = _dotted(target)
        if (name.endswith(".check_hostname") and _is(node.value, False)) or name.endswith(".verify_mode"):
            yield Breach("tls", node.lineno, name)


def _is_built(node: ast.expr) -> bool:
    """Tell whether a text is put together with something that is not written there."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod) or _is_built(node.left) or _is_built(node.right)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
