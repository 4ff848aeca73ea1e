"""A row is done again where code changed on which its numbers hang, and not for a new word in the report."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from fourfold.core.benchmark.content import PEERS, SHOWS, counted

ROOT = Path(__file__).parents[4]

WRITES = {
    ("core/report/evaluation.py", "core/report/page.py"),
    ("core/tuning/tune.py", "core/tuning/page.py"),
    ("core/benchmark/runner.py", "core/benchmark/folder.py"),
    ("core/benchmark/runner.py", "core/benchmark/environment.py"),
    ("core/benchmark/__init__.py", "core/benchmark/results.py"),
    ("core/benchmark/__init__.py", "core/benchmark/speed.py"),
    ("core/artifact.py", "__init__.py"),
}
"""What counted code calls to write a page or a file when all is measured, to run peers, names for others, or takes the
version from, which is compared by itself."""


def names(root: Path, *, peers: bool = False) -> set[str]:
    return {path.relative_to(root).as_posix() for path in counted(root, peers=peers)}


def imported(file: Path) -> Iterator[str]:
    """Yield the files of this package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name.split(".")[1:] for alias in node.names if alias.name.startswith("fourfold.")]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = file.parent if node.level == 1 else file.parents[node.level - 1]
                start = [*base.relative_to(ROOT).parts, *(node.module or "").split(".")]
            elif (node.module or "").split(".")[0] == "fourfold":
                start = (node.module or "").split(".")[1:]
            else:
                continue
            modules = [start, *([*start, alias.name] for alias in node.names)]
        else:
            continue
        for parts in modules:
            place = ROOT.joinpath(*filter(None, parts))
            for path in (place.with_suffix(".py"), place / "__init__.py"):
                if path.is_relative_to(ROOT) and path.is_file():
                    yield path.relative_to(ROOT).as_posix()


def test_what_counts_does_not_hang_on_what_is_left_out() -> None:
    """Else a change of a left-out file could change a number that is taken for the same."""
    inside = names(ROOT)
    found = {(file, other) for file in inside for other in imported(ROOT / file) if other not in inside}
    assert found == WRITES
    beside = names(ROOT, peers=True)
    found = {(file, other) for file in beside - inside for other in imported(ROOT / file) if other not in beside}
    assert not found


def test_every_pattern_leaves_something_out() -> None:
    """A name that no longer fits any file would leave nothing out in silence."""
    for pattern in SHOWS + PEERS:
        assert any(path.suffix == ".py" for path in ROOT.glob(pattern)), pattern


@pytest.mark.parametrize(
    ("file", "runs", "peers"),
    [
        ("core/benchmark/page/plots.py", False, False),
        ("core/benchmark/verdict.py", False, False),
        ("core/cli/bench.py", False, False),
        ("nlp/peers/ours.py", False, True),
        ("core/benchmark/measuring.py", True, True),
        ("core/nn/attention.py", True, True),
        ("speech/baselines/templates.py", True, True),
    ],
)
def test_what_counts(file: str, runs: bool, peers: bool) -> None:
    assert (ROOT / file).is_file()
    assert [file in names(ROOT), file in names(ROOT, peers=True)] == [runs, peers]
