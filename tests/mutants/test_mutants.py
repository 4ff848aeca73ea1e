"""Planted faults: the tests that are named beside each in `mutants.toml` must fail by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MUTANTS = tomllib.loads((Path(__file__).parent / "mutants.toml").read_text(encoding="utf-8"))["mutant"]
ENOUGH = 30
FAILED, PASSED = 1, 0


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project in which faults may be planted."""
    folder = tmp_path_factory.mktemp("planted") / "fourfold"
    unwanted = shutil.ignore_patterns(".*_cache", ".git", ".venv", "__pycache__", "runs", "*.egg-info")
    shutil.copytree(ROOT, folder, symlinks=True, ignore=unwanted)
    yield folder
    shutil.rmtree(folder)


def outcome(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "slow or not slow", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(folder / ".src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_there_are_enough_and_each_stands_once() -> None:
    assert len(MUTANTS) >= ENOUGH
    for mutant in MUTANTS:
        text = (ROOT / "core" / mutant["file"]).read_text(encoding="utf-8")
        assert text.count(mutant["was"]) == 1, mutant


@pytest.mark.slow
def test_without_a_fault_the_tests_pass(copy: Path) -> None:
    """Else all faults would seem to be caught."""
    done = outcome(copy, sorted({name for mutant in MUTANTS for name in mutant["tests"]}))
    assert done.returncode == PASSED, done.stdout[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant["fault"])
def test_a_planted_fault_is_caught(mutant: dict[str, Any], copy: Path) -> None:
    path = copy / "core" / mutant["file"]
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(mutant["was"], mutant["now"]), encoding="utf-8")
    try:
        done = outcome(copy, mutant["tests"])
    finally:
        path.write_text(whole, encoding="utf-8")
    assert done.returncode == FAILED, done.stdout[-3000:]
