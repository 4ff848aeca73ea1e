"""What is written and shown of training: the history, TensorBoard, the bar."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from toy import ToySource, toy_task

from fourfold.core.errors import ConfigError
from fourfold.core.training import Bar, History, Observers, Silent, TensorBoard, TrainConfig, Trainer


def row(step: int, **more: float) -> dict[str, float]:
    return {"step": step, "epoch": step / 4, "loss": 1 / (1 + step)} | more


def lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def written(path: Path, steps: list[int]) -> History:
    history = History(path)
    history.begin(0, 100)
    for step in steps:
        history.log(row(step))
    return history


def test_rows_are_kept_and_written_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = written(path, [1, 2])
    history.log(row(2, valid_accuracy=0.5, lr=1e-5))
    assert history.rows == lines(path) == [row(1), row(2), row(2, valid_accuracy=0.5, lr=1e-5)]
    assert path.read_text().endswith("}\n")


@pytest.mark.parametrize("cut_off", ["", '{"step": 7, "lo', '{"step"'])
def test_a_resumed_run_drops_what_came_after_its_step(cut_off: str, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    written(path, [2, 4, 4, 6])
    with path.open("a") as file:
        file.write(cut_off)
    history = History(path)
    history.begin(4, 100)
    assert history.rows == lines(path) == [row(2), row(4), row(4)]
    history.log(row(5))
    assert history.rows == lines(path) == [row(2), row(4), row(4), row(5)]


def test_a_run_from_the_start_begins_its_history_anew(tmp_path: Path) -> None:
    written(tmp_path / "history.jsonl", [2, 4])
    assert written(tmp_path / "history.jsonl", []).rows == lines(tmp_path / "history.jsonl") == []


def test_a_resumed_run_whose_history_is_gone(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    history.begin(4, 100)
    history.log(row(5))
    assert lines(tmp_path / "history.jsonl") == [row(5)]


def test_a_loss_that_is_not_finite_goes_through_the_file(tmp_path: Path) -> None:
    written(tmp_path / "h.jsonl", [1]).log({"step": 2, "epoch": 0.5, "loss": float("nan")})
    history = History(tmp_path / "h.jsonl")
    history.begin(2, 100)
    assert len(history.rows) == 2 and history.rows[1]["loss"] != history.rows[1]["loss"]


def test_without_a_file_rows_are_only_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    history = History()
    history.begin(0, 10)
    history.log(row(1))
    history.begin(5, 10)
    assert history.rows == [row(1)] and not list(tmp_path.iterdir())


def test_tensorboard_holds_the_rows_of_the_history(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    history, board = History(), TensorBoard(tmp_path)
    Trainer(TrainConfig(epochs=3, batch_rows=16), torch.device("cpu"), observer=Observers(history, board)).fit(
        toy_task(), ToySource(64)
    )
    read = EventAccumulator(str(tmp_path)).Reload()
    assert set(read.Tags()["scalars"]) == {"epoch", "loss", "lr", "seconds"}
    for name in ("loss", "lr", "epoch"):
        found = [(event.step, event.value) for event in read.Scalars(name)]
        assert [step for step, _ in found] == [entry["step"] for entry in history.rows] == list(range(1, 13))
        assert [value for _, value in found] == pytest.approx([entry[name] for entry in history.rows])


def test_tensorboard_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError) as error:
        TensorBoard(tmp_path)
    assert str(error.value) == "train.tensorboard: not installed; pip install 'fourfold[tensorboard]'"


def test_the_bar_speaks_on_stderr_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.begin(0, 8)
    bar.advance(4)
    bar.log(row(4, lr=0.1, seconds=3.0))
    assert capsys.readouterr().err == ""
    bar.log({"step": 4, "epoch": 1.0, "valid_accuracy": 0.75})
    bar.say(message := "something long " * 20 + "happened")
    bar.end()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["epoch 1.0  loss 0.2000  valid_accuracy 0.7500", message]


class Recorder(Silent):
    def __init__(self, log: list[object]):
        self.calls = log

    def begin(self, step: int, total_steps: int) -> None:
        self.calls.append(("begin", step, total_steps))

    def advance(self, step: int) -> None:
        self.calls.append(("advance", step))

    def log(self, row: dict[str, float]) -> None:
        self.calls.append(("log", row["step"]))

    def say(self, message: str) -> None:
        self.calls.append(("say", message))

    def end(self) -> None:
        self.calls.append(("end",))


def test_all_observers_hear_everything() -> None:
    one: list[object] = []
    two: list[object] = []
    observers = Observers(Recorder(one), Observers(Recorder(two), Silent()))
    observers.begin(2, 9)
    observers.advance(3)
    observers.log(row(3))
    observers.say("hi")
    observers.end()
    assert one == two == [("begin", 2, 9), ("advance", 3), ("log", 3), ("say", "hi"), ("end",)]


def test_the_trainer_tells_of_each_step_and_of_the_end_once() -> None:
    calls: list[object] = []
    Trainer(TrainConfig(epochs=2, batch_rows=16), torch.device("cpu"), observer=Recorder(calls)).fit(
        toy_task(), ToySource(64)
    )
    assert calls[0] == ("begin", 0, 8) and calls[-1] == ("end",) and calls.count(("end",)) == 1
    assert [call for call in calls if call[0] == "advance"] == [("advance", step) for step in range(1, 9)]  # type: ignore[index]
