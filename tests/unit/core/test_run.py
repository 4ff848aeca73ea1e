"""Who may write to a run's folder, and what is kept until training really begins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fourfold.core.run as module
from fourfold.core.batch import Examples
from fourfold.core.errors import ArtifactError, ConfigError
from fourfold.core.files import file_hash, write_text
from fourfold.core.run import Run, open_run, run_identity
from fourfold.core.training import ScheduleConfig

IDENTITY = {"train.epochs": 3, "model.shape": (1, 2), "data": "abc", "seed": None}


def begun(path: Path, *, finished: bool = False) -> Path:
    open_run(path, IDENTITY).begin()
    (path / "weights").write_text("old")
    if finished:
        (path / "config.json").write_text("{}")
    return path


def refusal(path: Path, kind: type[Exception] = ArtifactError, **options: bool) -> str:
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(kind) as error:
        open_run(path, options.pop("identity", IDENTITY), **options)  # type: ignore[arg-type]
    assert sorted(path.parent.rglob("*")) == before
    return str(error.value)


@pytest.mark.parametrize("there", [False, True])
def test_a_new_or_empty_folder_is_taken(there: bool, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "one"
    if there:
        path.mkdir(parents=True)
    run = open_run(path, IDENTITY)
    assert run == Run(path, IDENTITY) and run.fresh and not run.finished and path.exists() == there
    run.begin()
    assert json.loads((path / "run.json").read_text())["model.shape"] == [1, 2]
    assert [inner.name for inner in path.iterdir()] == ["run.json"]


def test_resuming_nothing_says_so(tmp_path: Path) -> None:
    run = open_run(tmp_path / "one", IDENTITY, resume=True)
    assert run.fresh and run.message == f"{tmp_path}/one: nothing to resume; training starts afresh"


def test_a_folder_that_is_taken(tmp_path: Path) -> None:
    path = begun(tmp_path / "one")
    assert refusal(path) == (
        f"{path}: the folder holds a run; choose another --out, go on with --resume, or replace it with --force"
    )
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter").write_text("x")
    for options in ({}, {"force": True}, {"resume": True}):
        assert refusal(other, **options) == f"{other}: the folder is not empty and holds no run; choose another --out"
        assert refusal(other / "chapter", **options) == f"{other}/chapter: a file, not a folder; choose another --out"


def test_force_replaces_only_when_training_begins(tmp_path: Path) -> None:
    path = begun(tmp_path / "one", finished=True)
    run = open_run(path, {"seed": 1}, force=True)
    assert run.fresh and not run.finished and (path / "weights").read_text() == "old"
    run.begin()
    assert [inner.name for inner in path.iterdir()] == ["run.json"]
    assert json.loads((path / "run.json").read_text()) == {"seed": 1}


def test_force_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    real = begun(tmp_path / "real", finished=True)
    (tmp_path / "link").symlink_to(real)
    open_run(tmp_path / "link", IDENTITY, force=True).begin()
    assert (tmp_path / "link").is_symlink() and [inner.name for inner in real.iterdir()] == ["run.json"]


@pytest.mark.parametrize("after", range(4))
def test_a_forced_run_that_is_killed_at_its_beginning_leaves_the_folder_of_a_run(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = begun(tmp_path / "one", finished=True)
    (path / "checkpoints" / "step-000000004").mkdir(parents=True)
    real, calls = module.remove, []

    def killed(one: Path) -> None:
        if len(calls) == after:
            raise KeyboardInterrupt
        calls.append(one)
        real(one)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "remove", killed)
        patch.setattr(module, "write_text", lambda *_: killed(path / "nothing"))
        open_run(path, {"seed": 1}, force=True).begin()
    assert not open_run(path, IDENTITY, resume=True).finished or after == 0
    open_run(path, {"seed": 1}, force=True).begin()
    assert [inner.name for inner in path.iterdir()] == ["run.json"]


def test_what_a_process_killed_while_it_began_has_left_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.mkdir()
    (path / ".writing-run.json").write_text("{")
    run = open_run(path, IDENTITY, resume=True)
    assert run.fresh and run.message == f"{path}: nothing to resume; training starts afresh"
    run.begin()
    assert [inner.name for inner in path.iterdir()] == ["run.json"]


def test_what_is_kept_is_read_back_only_as_it_was(tmp_path: Path) -> None:
    begun(tmp_path / "one")
    run = open_run(tmp_path / "one", IDENTITY, resume=True)
    assert run.kept("features") is None
    run.keep("features", lambda folder: (folder / "x").write_text("learned"))
    assert run.kept("features") == tmp_path / "one" / "features"
    (tmp_path / "one" / "features" / "x").write_text("Learned")
    assert run.kept("features") is None
    run.keep("stages/first", lambda folder: (folder / "x").write_text("hours of work"))
    run.keep("features", lambda folder: (folder / "x").write_text("learned"))
    assert run.kept("features") and run.kept("stages/first"), "damage to the one costs nothing of the other"
    run.tidy()
    assert sorted(inner.name for inner in run.path.iterdir()) == ["run.json", "weights"]


@pytest.mark.parametrize("finished", [False, True])
def test_a_run_goes_on(finished: bool, tmp_path: Path) -> None:
    path = begun(tmp_path / "one", finished=finished)
    (path / "checkpoints" / "step-000000004").mkdir(parents=True)
    run = open_run(path, IDENTITY, resume=True)
    run.begin()
    assert not run.fresh and run.finished is finished and (path / "weights").read_text() == "old"
    assert run.message == (f"{path}: the run is finished; nothing to do" if finished else None)


def test_a_run_without_a_checkpoint_starts_afresh_and_says_so(tmp_path: Path) -> None:
    path = begun(tmp_path / "one")
    run = open_run(path, IDENTITY, resume=True)
    assert not run.finished and run.message == f"{path}: no checkpoint to resume from; training starts afresh"


def test_a_changed_run_does_not_go_on(tmp_path: Path) -> None:
    path = begun(tmp_path / "one")
    now = {"train.epochs": 4, "model.shape": [1, 2], "seed": None, "new": "x"}
    assert refusal(path, ConfigError, resume=True, identity=now) == (  # type: ignore[arg-type]
        f"{path}: cannot resume: data was abc and is None; new was None and is x; train.epochs was 3 and is 4; "
        "use the same, or choose another --out"
    )


def test_a_damaged_record(tmp_path: Path) -> None:
    path = begun(tmp_path / "one")
    (path / "run.json").write_text("{")
    message = f"{path}/run.json: damaged; choose another --out, or replace the run with --force"
    assert refusal(path, resume=True) == message


def test_the_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    assert file_hash(tmp_path / "f") == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"


@dataclass
class Picture:
    path: Path


def images(folder: Path, *contents: str) -> list[Picture]:
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number}.png").write_text(content)
    return [Picture(folder / f"{number}.png") for number in range(len(contents))]


def identity(inputs: Any, labels: list[str] | None = None, held_out: Examples | None = None) -> dict[str, Any]:
    given = None if labels is None else np.array(labels)
    return run_identity(ScheduleConfig(), Examples(inputs=inputs, labels=given), held_out)


def test_the_identity_of_a_run_is_its_settings_and_the_content_of_its_data(tmp_path: Path) -> None:
    found = identity(["a", "b"], ["x", "y"])
    assert found.keys() == {"name", "warmup", "decay", "floor", "drop", "patience", "data", "valid"}
    assert found == identity(["a", "b"], ["x", "y"]) and found["valid"] is None
    table = pd.DataFrame({"a": ["1", "2"], "b": ["3", "4"]})
    different = [
        identity(["a", "b"], ["x", "y"]), identity(["a", "b"]), identity(["b", "a"], ["x", "y"]),
        identity(["ab"], ["x", "y"]), identity(["a", "b"], ["y", "x"]),
        identity(["a", "b"], ["xy", ""]),
        identity(table), identity(table[["b", "a"]]), identity(table.iloc[::-1]),
        identity(table.rename(columns=str.upper)),
        identity(np.array([[1, 2], [3, 4]])), identity(np.array([[1, 2], [4, 3]])),
        identity(images(tmp_path / "a", "1", "2")), identity(images(tmp_path / "b", "1", "3")),
    ]  # fmt: skip
    assert len({one["data"] for one in different}) == len(different)
    assert identity(table.set_index(pd.Index([5, 6]))) == identity(table)
    assert identity(images(tmp_path / "moved", "1", "2")) == identity(images(tmp_path / "again", "1", "2"))
    valid = [Examples(inputs=["a"]), Examples(inputs=["b"])]
    assert len({identity(["a"], None, held_out)["valid"] for held_out in (None, *valid)}) == 3


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "f", "old Ω")

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fourfold.core.files.sync", fail)
    with pytest.raises(OSError, match="No space"):
        write_text(tmp_path / "f", "new")
    assert (tmp_path / "f").read_text(encoding="utf-8") == "old Ω"


def test_arrays_of_the_same_bytes_but_another_shape_or_type_are_other_data() -> None:
    bits = np.arange(12, dtype=np.int32)
    arrays = [bits, bits.reshape(3, 4), bits.view(np.float32)]
    found = {run_identity(ScheduleConfig(), Examples(inputs=array, labels=None), None)["data"] for array in arrays}
    assert len(found) == 3
