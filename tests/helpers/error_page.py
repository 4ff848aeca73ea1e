"""docs/errors.md, written from the classes of core.errors and from every place that raises one of them.

`make errors` prints it into its place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from fourfold.core import errors

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "nlp", "vision", "recsys", "speech")
KINDS = {
    errors.ConfigError: "Settings and commands",
    errors.DataError: "Data",
    errors.ArtifactError: "Saved models and runs",
    errors.NotFittedError: "Models without training",
    errors.TrainingError: "Training",
    errors.FourfoldError: "Everything else",
}
HEAD = """# Errors

<!-- written by `make errors` from core/errors and from every line that raises one -->
A message says where, what and the fix, in one line: `train.csv:3: column 'text' is empty; fill it or remove the row`.
Behind it stands a code, which stays the same from version to version. This page has all codes, what brings them about
and what mends them; below each are its messages, in which `{…}` stands for what is named there.

- On the command line, errors go to stderr. With `--json`, the last line there is
  `{"error": {"code": "data.missing", "message": "…"}}`. Exit codes: 1, the work failed; 2, wrong usage or bad data;
  above 128, a signal. `--debug` shows a traceback.
- In Python, every error is a `FourfoldError` with the attributes `code`, `cause` and `fix`. Catch a kind (`DataError`)
  or one cause (`NoSuchFile`), both from `fourfold.core.errors`. The kind is the word before the dot of a code.
- In the answers of `predict --file`, a row that cannot be answered has its message in the column `error`; the others
  are answered.
"""


def causes() -> list[type[errors.FourfoldError]]:
    """Return the classes that say how they come about, kind by kind."""
    found = [getattr(errors, name) for name in errors.__all__]
    there = [one for one in found if isinstance(one, type) and one.cause]
    return sorted(there, key=lambda one: ([*KINDS].index(kind_of(one)), one.code))


def kind_of(one: type[errors.FourfoldError]) -> type[errors.FourfoldError]:
    """Return the kind that an error belongs to."""
    return next(kind for kind in KINDS if issubclass(one, kind))


def raised(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Yield (class, message) of every place in the sources that makes an error, in the order of the files."""
    trees = [ast.parse(path.read_text("utf-8")) for room in ROOMS for path in sorted((root / room).rglob("*.py"))]
    shared = _texts(node for tree in trees for node in tree.body)
    for tree in trees:
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        theirs = {name: text for name, text in shared.items() if not name.startswith("_") and name not in named}
        yield from _made(tree, theirs | _texts(tree.body))


def _made(node: ast.AST, known: dict[str, ast.expr]) -> Iterator[tuple[str, str]]:
    """Yield what is made in a node; a function's own texts are known in it."""
    if isinstance(node, ast.FunctionDef):
        known = known | _texts(ast.walk(node))
    if isinstance(node, ast.Call) and node.args and _is_error(name := getattr(node.func, "id", "")):
        yield name, _template(node.args[0], known)
    for child in ast.iter_child_nodes(node):
        yield from _made(child, known)


def _is_error(name: str) -> bool:
    return isinstance(getattr(errors, name, None), type)


def _texts(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return the texts of the names that are given one, and no other."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1 and _is_text(values[0])}


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _template(node: ast.expr, known: dict[str, ast.expr]) -> str:
    """Return a message as it stands in the source, with short names in braces."""
    match node:
        case ast.JoinedStr(values):
            return "".join(_template(part, known) for part in values)
        case ast.FormattedValue(value):
            return _template(value, known)
        case ast.Constant(value):
            return str(value)
        case ast.Name(name) if name in known:
            return _template(known[name], known)
        case ast.Name(name) | ast.Attribute(attr=name):
            return f"{{{name.strip('_')}}}"
    return _CALLS.get(_name(node), "{…}")


_CALLS = {"did_you_mean": "; did you mean '{…}'?", "getattr": "{value}", "len": "{count}", "place": "{place}"}


def _name(node: ast.expr) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""


def render() -> str:
    """Return the page."""
    messages: dict[str, dict[str, None]] = {}
    for name, message in raised():
        if re.search("[a-z]", re.sub("{.*?}", "", message)):
            messages.setdefault(name, {})[message] = None
    parts, kind = [HEAD, _index()], None
    for one in causes():
        if kind_of(one) is not kind:
            kind = kind_of(one)
            parts.append(f"\n## {KINDS[kind]}\n")
        parts.append(_section(one, list(messages.get(one.__name__, {}))))
    return "".join(parts)


def _index() -> str:
    rows = [f"| [`{one.code}`](#{_anchor(one)}) | {_meaning(one)} |\n" for one in causes()]
    return "\n| code | meaning |\n|---|---|\n" + "".join(rows)


def _section(one: type[errors.FourfoldError], messages: list[str]) -> str:
    shown = "".join(f"- {_code(message)}\n" for message in messages)
    count = f"{len(messages)} message{'s' if len(messages) != 1 else ''}"
    return (
        f"\n### {one.code}\n\n{_meaning(one)} (`{one.__name__}`, exit code {_exit(one)})\n\n"
        f"- **Cause.** {one.cause}\n- **Fix.** {one.fix}\n"
        f"\n<details><summary>{count}</summary>\n\n{shown}\n</details>\n"
    )


def _exit(one: type[errors.FourfoldError]) -> str:
    return "128 + the signal" if one is errors.Interrupted else str(one.exit_code)


def _meaning(one: type[errors.FourfoldError]) -> str:
    return (one.__doc__ or "").splitlines()[0]


def _anchor(one: type[errors.FourfoldError]) -> str:
    return one.code.replace(".", "")


def _code(message: str) -> str:
    """Return a message as code of Markdown, whatever signs are in it."""
    return f"`` {message} ``" if "`" in message else f"`{message}`"


if __name__ == "__main__":
    (ROOT / "docs" / "errors.md").write_text(render(), encoding="utf-8")
