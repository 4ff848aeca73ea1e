"""A killed trainer goes on bitwise as if nothing had happened."""

from __future__ import annotations

import json
import random
import signal
from functools import partial
from pathlib import Path

import pytest
from forked import process
from safetensors.torch import load_file
from training_runs import TOTAL, stopped_run, toy_run


def in_process(run: partial[None]) -> int:
    """Run in a fresh process; return its exit code."""
    running = process(run)
    running.start()
    running.join(120)
    assert running.exitcode is not None
    return int(running.exitcode)


def whole_state(folder: Path) -> dict[str, object]:
    newest = max((folder / "checkpoints").glob("step-*"))
    state = json.loads((newest / "state.json").read_text())["state"]
    state.pop("seconds")
    tensors = {
        f"{path.stem}.{name}": value.numpy().tobytes()
        for path in newest.glob("*.safetensors")
        for name, value in load_file(path).items()
    }
    return {"state": state} | tensors


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("whole")
    assert in_process(partial(stopped_run, folder)) != 0
    return whole_state(folder)


def kill_and_resume(folder: Path, stop_at: int, workers: int) -> dict[str, object]:
    assert in_process(partial(toy_run, folder, stop_at=stop_at, workers=workers)) == -signal.SIGKILL
    in_process(partial(stopped_run, folder, workers=workers))
    return whole_state(folder)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop_at", random.Random(0).sample(range(1, TOTAL), 3))
def test_a_killed_run_resumes_bitwise(
    stop_at: int, workers: int, tmp_path: Path, uninterrupted: dict[str, object]
) -> None:
    assert kill_and_resume(tmp_path, stop_at, workers) == uninterrupted


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_twenty_killed_runs_resume_bitwise(workers: int, tmp_path: Path, uninterrupted: dict[str, object]) -> None:
    for stop_at in random.Random(workers).sample(range(1, TOTAL), 20):
        assert kill_and_resume(tmp_path / str(stop_at), stop_at, workers) == uninterrupted, f"killed after {stop_at}"
