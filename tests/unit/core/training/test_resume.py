"""Stopped and damaged runs go on bitwise as if nothing had happened."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from toy import ToySource, toy_task
from training_runs import Fault

from fourfold.core.batch import Batch, Draw, Rows
from fourfold.core.errors import TrainingError
from fourfold.core.training import Interrupted, Silent, TrainConfig, Trainer, Validation, loop
from fourfold.core.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


def test_sigterm_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    config = TrainConfig(epochs=6, batch_rows=16, checkpoint_seconds=1000)
    trainer = Trainer(config, torch.device("cpu"), tmp_path, Fault(7, signal.SIGTERM))
    with pytest.raises(Interrupted, match=r"^stopped by SIGTERM at step 7; go on with --resume$") as stopped:
        trainer.fit(toy_task(), ToySource(64))
    assert stopped.value.exit_code == 128 + signal.SIGTERM
    checkpoint, _ = load_checkpoint(tmp_path / "checkpoints")
    assert checkpoint is not None and checkpoint.state["step"] == 7


def interrupted_run(folder: Path, observer: Fault | None = None) -> None:
    config = TrainConfig(epochs=6, batch_rows=16, checkpoint_seconds=0)
    with pytest.raises(TrainingError):
        Trainer(config, torch.device("cpu"), folder, observer or Fault(9, signal.SIGTERM)).fit(
            toy_task(), ToySource(64)
        )


def test_the_newest_two_checkpoints_are_kept_the_last_at_the_end(tmp_path: Path) -> None:
    interrupted_run(tmp_path)
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["step-000000008", "step-000000009"]
    Trainer(TrainConfig(epochs=6, batch_rows=16), torch.device("cpu"), tmp_path).fit(toy_task(), ToySource(64))
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["step-000000009", "step-000000024"]


@pytest.mark.parametrize("damage", ["flip", "cut", "missing"])
def test_a_damaged_checkpoint_is_said_and_the_one_before_it_taken(damage: str, tmp_path: Path) -> None:
    interrupted_run(tmp_path)
    path = tmp_path / "checkpoints" / "step-000000009" / "model.safetensors"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    {
        "flip": lambda: path.write_bytes(raw),
        "cut": lambda: path.write_bytes(raw[:-9]),
        "missing": path.unlink,
    }[damage]()
    checkpoint, warnings = load_checkpoint(tmp_path / "checkpoints")
    assert checkpoint is not None and checkpoint.state["step"] == 8
    assert len(warnings) == 1 and warnings[0].startswith("step-000000009: damaged (")
    assert warnings[0].endswith("); the one before it is taken")


def test_what_cannot_be_read_makes_way_for_what_can(tmp_path: Path) -> None:
    """Such as checkpoints of before they had hashes; what is called otherwise is left alone."""
    interrupted_run(tmp_path)
    folder = tmp_path / "checkpoints"
    for path in folder.iterdir():
        (path / "hashes.json").unlink()
    (folder / "step-000000009-copy").mkdir()
    interrupted_run(tmp_path, Fault(5, signal.SIGTERM))
    kept = sorted(path.name for path in folder.iterdir())
    assert kept == ["step-000000004", "step-000000005", "step-000000009-copy"]
    checkpoint, warnings = load_checkpoint(folder)
    assert checkpoint is not None and checkpoint.state["step"] == 5 and warnings == []


def test_after_going_back_the_newest_is_not_that_of_the_way_that_was_left(tmp_path: Path) -> None:
    for step, times in ((20, 0), (10, 1)):
        save_checkpoint(tmp_path, Checkpoint({"step": step, "recoveries": times}, {"model": {"a": torch.ones(2)}}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000000010-1", "step-000000020"]
    checkpoint, _ = load_checkpoint(tmp_path)
    assert checkpoint is not None and checkpoint.state["step"] == 10


def test_a_damaged_checkpoint_takes_no_place_of_a_whole_one(tmp_path: Path) -> None:
    """Training went back from step 6 to 4, and saves at 7: step 4 is what is left where 7 is damaged, too."""

    def save(step: int) -> Path:
        return save_checkpoint(tmp_path, Checkpoint({"step": step}, {"model": {"a": torch.ones(2)}}))

    for step, harm in ((4, False), (6, True), (7, True)):
        path = save(step)
        if harm:
            (path / "state.json").write_text("{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000000004", "step-000000007"]
    checkpoint, warnings = load_checkpoint(tmp_path)
    assert checkpoint is not None and checkpoint.state["step"] == 4 and len(warnings) == 1


def test_a_checkpoint_cut_off_while_being_written_is_said_and_ignored(tmp_path: Path) -> None:
    interrupted_run(tmp_path)
    folder = tmp_path / "checkpoints"
    (folder / "step-000000009").rename(folder / ".writing-step-000000009")
    checkpoint, warnings = load_checkpoint(folder)
    assert checkpoint is not None and checkpoint.state["step"] == 8
    assert warnings == [".writing-step-000000009: cut off while being written; ignored"]


def test_a_full_disk_stops_training_and_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fourfold.core.training.checkpoint as module

    written = []

    def write(folder: Path, checkpoint: object, real: object = module._write) -> None:
        written.append(folder)
        if len(written) == 4:
            raise OSError(28, "No space left on device")
        real(folder, checkpoint)  # type: ignore[operator]

    monkeypatch.setattr(module, "_write", write)
    config = TrainConfig(epochs=6, batch_rows=16, checkpoint_seconds=0)
    with pytest.raises(TrainingError) as full:
        Trainer(config, torch.device("cpu"), tmp_path).fit(toy_task(), ToySource(64))
    assert str(full.value) == (
        f"{tmp_path}/checkpoints/step-000000003: the checkpoint could not be written (No space left on device); "
        "free space and go on with --resume from the checkpoint before it"
    )
    checkpoint, warnings = load_checkpoint(tmp_path / "checkpoints")
    assert checkpoint is not None and checkpoint.state["step"] == 2 and warnings == []


@pytest.mark.parametrize(("step", "measuring", "most"), [(25, 30, 24), (10, 20, 10)])
def test_no_more_than_the_seconds_between_checkpoints_are_lost(
    step: int, measuring: int, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps, and measuring the held-out rows, take so many seconds by a clock that tells nothing else."""
    clock, done = [0.0], [0.0]

    class Slow(ToySource):
        def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
            clock[0] += measuring if draw is None else step
            return super().batch(rows, draw)

    def save(folder: Path, checkpoint: Checkpoint) -> Path:
        done.append(clock[0])
        return save_checkpoint(folder, checkpoint)

    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(loop, "save_checkpoint", save)
    config = TrainConfig(epochs=6, batch_rows=16, evaluations=6)
    validation = Validation(Slow(16), lambda out: {"accuracy": float(out.max())}, "accuracy")
    Trainer(config, torch.device("cpu"), tmp_path).fit(toy_task(), Slow(64), validation)
    assert clock[0] == 24 * step + 6 * measuring
    assert max(after - before for before, after in itertools.pairwise(done)) <= config.checkpoint_seconds == 60
    assert len(done) <= most, done


def test_what_went_back_is_newer_than_what_was_left(tmp_path: Path) -> None:
    for recoveries, step in ((0, 0), (0, 20), (0, 30), (1, 0), (1, 5)):
        save_checkpoint(tmp_path, Checkpoint({"step": step, "recoveries": recoveries}, {"model": {"a": torch.ones(2)}}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000000000-1", "step-000000005-1"]
    newest, warnings = load_checkpoint(tmp_path)
    assert newest is not None and newest.state == {"step": 5, "recoveries": 1} and warnings == []


def test_a_run_that_goes_on_from_its_end_writes_no_checkpoint_again(tmp_path: Path) -> None:
    def fit() -> dict[str, int]:
        Trainer(TrainConfig(epochs=2, batch_rows=16), torch.device("cpu"), tmp_path, Silent()).fit(
            toy_task(), ToySource(64)
        )
        return {path.name: path.stat().st_ino for path in (tmp_path / "checkpoints").iterdir()}

    assert fit() == fit()
