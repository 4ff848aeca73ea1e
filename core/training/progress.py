"""What a person sees of training: one bar on stderr; `history.jsonl` is the truth, TensorBoard an adapter of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Protocol

from ..errors import MissingPackage
from ..files import write_text, written

Row = dict[str, float]
"""One line of the history: `step`, `epoch`, and what was measured there (`loss`, `lr`, `valid_accuracy`, …)."""


class Observer(Protocol):
    """Someone who watches training; all methods are called on rank 0 alone."""

    def begin(self, step: int, total_steps: int) -> None: ...

    def advance(self, step: int) -> None: ...

    def log(self, row: Row) -> None: ...

    def rewind(self, step: int) -> None: ...

    def say(self, message: str) -> None: ...

    def end(self) -> None: ...


class Silent:
    """Watches and says nothing; the base of the others."""

    def begin(self, step: int, total_steps: int) -> None:
        """Training starts, or goes on, at `step`."""

    def advance(self, step: int) -> None:
        """`step` steps are done."""

    def log(self, row: Row) -> None:
        """A row of the history."""

    def rewind(self, step: int) -> None:
        """Training went back to `step`; what was logged past it did not happen."""

    def say(self, message: str) -> None:
        """Something that a person should know."""

    def end(self) -> None:
        """Training is over, for whatever reason."""


def read_history(path: Path) -> list[Row]:
    """Return the whole rows of a `history.jsonl`, none where there is no such file; one cut off is left out."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


class History(Silent):
    """Keeps the rows and appends them to `history.jsonl`; a resumed run first drops those past its step."""

    def __init__(self, path: Path | None = None):
        self.path = path
        self.rows: list[Row] = []

    def begin(self, step: int, total_steps: int) -> None:
        if self.path is None:
            return
        if step > 0:
            self.rows = read_history(self.path)
        self.rewind(step)

    def rewind(self, step: int) -> None:
        self.rows[:] = [row for row in self.rows if row["step"] <= step]
        if self.path is not None:
            with written(self.path):
                write_text(self.path, "".join(json.dumps(row) + "\n" for row in self.rows))

    def log(self, row: Row) -> None:
        self.rows.append(row)
        if self.path is not None:
            with written(self.path), self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


class Bar(Silent):
    """One progress bar with loss, metric, rate and time left; plain lines where stderr is no terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = Console(file=sys.stderr, highlight=False)
        self.progress = Progress(
            TextColumn("[bold]train"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"),
            TimeRemainingColumn(), console=self.console, transient=True,
        )  # fmt: skip
        self.shown: dict[str, Any] = {}

    def begin(self, step: int, total_steps: int) -> None:
        self.bar = self.progress.add_task("", total=total_steps, completed=step)
        if self.console.is_terminal:
            self.progress.start()

    def advance(self, step: int) -> None:
        self.progress.update(self.bar, completed=step)

    def log(self, row: Row) -> None:
        self.shown |= {name: value for name, value in row.items() if name not in ("step", "epoch", "lr", "seconds")}
        text = "  ".join(f"{name} {value:.4f}" for name, value in self.shown.items())
        self.progress.update(self.bar, completed=row["step"], description=text)
        if not self.console.is_terminal and any(name.startswith("valid_") for name in row):
            self.console.print(f"epoch {row['epoch']:.1f}  {text}", soft_wrap=True)

    def say(self, message: str) -> None:
        self.console.print(message, style="yellow", soft_wrap=True)

    def end(self) -> None:
        if self.console.is_terminal:  # elsewhere it never started, and stopping would print an empty line
            self.progress.stop()


class TensorBoard(Silent):
    """Writes the history to TensorBoard's event files; needs the extra `tensorboard`."""

    def __init__(self, folder: Path):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingPackage("train.tensorboard: not installed; pip install 'fourfold[tensorboard]'") from None
        self.writer = SummaryWriter(str(folder))

    def log(self, row: Row) -> None:
        for name, value in row.items():
            if name != "step":
                self.writer.add_scalar(name, value, int(row["step"]))

    def end(self) -> None:
        self.writer.close()


class Observers(Silent):
    """Several observers as one."""

    def __init__(self, *observers: Observer):
        self.observers = observers

    def begin(self, step: int, total_steps: int) -> None:
        for observer in self.observers:
            observer.begin(step, total_steps)

    def advance(self, step: int) -> None:
        for observer in self.observers:
            observer.advance(step)

    def log(self, row: Row) -> None:
        for observer in self.observers:
            observer.log(row)

    def rewind(self, step: int) -> None:
        for observer in self.observers:
            observer.rewind(step)

    def say(self, message: str) -> None:
        for observer in self.observers:
            observer.say(message)

    def end(self) -> None:
        for observer in self.observers:
            observer.end()
