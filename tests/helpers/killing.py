"""Trainings of small models in processes of their own, which are killed at an instant, or before a change on the disk.

Every batch is noted in a file as it is made: the rows of its step, and a checksum of all that is in it.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from domain_data import SAMPLES

from fourfold.core.batch import Batch, Draw, Rows
from fourfold.core.config import override
from fourfold.core.domains import domain
from fourfold.core.errors import FourfoldError
from fourfold.core.training import loop
from fourfold.core.training.sampling import Part, Steps

ROWS, HELD_OUT = 40, 0.25
EPOCHS = {"nlp": 6, "vision": 6, "recsys": 6, "speech": 5}
_CHANGES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.symlink", "os.link"})
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

for _name in SAMPLES:
    domain(_name).load_pipeline()
for _name in (
    "jinja2", "pyarrow.csv", "pyarrow.dataset", "pyarrow.pandas_compat", "safetensors.numpy",
    "sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.naive_bayes", "sklearn.svm", "torch._dynamo",
    "torch.distributed", "torchaudio.functional",
):  # fmt: skip
    importlib.import_module(_name)  # used late, so that commands start soon


@dataclass(frozen=True)
class Job:
    """A training: of which domain, on what, and the folder of all that it leaves.

    `checkpoint_seconds` lie between checkpoints. `kill_before` is the number of the change of a file or folder before
    which the process kills itself; `rank` is its place among `ranks`, which meet at `port`.
    """

    domain: str
    data: Path
    place: Path
    checkpoint_seconds: float = 0.0
    kill_before: int | None = None
    force: bool = False
    rank: int = 0
    ranks: int = 1
    port: int = 0
    attempt: int = 0
    notes: Path | None = None

    @property
    def out(self) -> Path:
        """The folder of the run."""
        return self.place / "run"

    @property
    def cache(self) -> Path:
        """Where what is kept between runs lies."""
        return self.place / "cache"

    @property
    def trace(self) -> Path:
        """What the process notes: its beginning, then a line for each step."""
        return (self.notes or self.place) / f"trace-{self.attempt}-{self.rank}"

    @property
    def said(self) -> Path:
        """How it ended, where it was not killed."""
        return (self.notes or self.place) / f"said-{self.attempt}-{self.rank}.json"

    def again(self) -> Job:
        """The next attempt, which nothing kills."""
        return replace(self, attempt=self.attempt + 1, kill_before=None, force=False)

    def pipeline(self) -> Any:
        """The pipeline, with settings that leave it something to lose."""
        model = SAMPLES[self.domain].pipeline()
        train = {"epochs": EPOCHS[self.domain], "batch_rows": 8, "accumulate": 2, "ema": 0.9, "evaluations": 3}
        train["checkpoint_seconds"] = self.checkpoint_seconds
        return model.set_params(config=override(model.config, {"train": train}))


def train(job: Job) -> None:
    """Train, or go on; say in a file how it ended."""
    _be_small()
    torch.set_num_threads(1)
    for folder in (job.cache, job.place / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"FOURFOLD_CACHE": str(job.cache), "TMPDIR": str(job.place / "tmp")}
    if job.ranks > 1:
        here = {"RANK": job.rank, "LOCAL_RANK": job.rank, "WORLD_SIZE": job.ranks, "MASTER_PORT": job.port}
        os.environ |= {name: str(value) for name, value in here.items()} | {"MASTER_ADDR": "127.0.0.1"}
    tempfile.tempdir = None
    watch = Watch((str(job.out), str(job.cache)), job.kill_before)
    note_steps(job.trace)
    ended: dict[str, Any] = {"error": None}
    try:
        job.pipeline().fit(job.data, valid=HELD_OUT, out=job.out, resume=not job.force, force=job.force)
    except FourfoldError as error:
        ended = {"error": type(error).__name__, "message": str(error)}
    job.said.write_text(json.dumps(ended | {"changes": watch.count}))


def _be_small() -> None:
    """Have also these few rows go through the files that many would."""
    from fourfold.nlp.data import cache, read
    from fourfold.recsys.data import features, reading
    from fourfold.speech.data import mels
    from fourfold.vision.data import decoding

    cache.encode_texts.__defaults__ = (10, 0)
    decoding.decode_all.__defaults__ = (0,)
    mels.make_mels.__defaults__ = (0.0,)
    features._MAPPED_ABOVE = reading._SMALL = reading.ABOVE = 0
    read.__kwdefaults__["stream_above"] = 0


class Watch:
    """Counts what changes files and folders below some roots; before one of the changes the process kills itself."""

    def __init__(self, roots: tuple[str, ...], kill_before: int | None):
        self.roots, self.kill_before, self.count = roots, kill_before, 0
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES):
            name = str(arguments[0])
            if name.startswith(self.roots) or not name.startswith("/"):  # as in a folder that is removed
                self.count += 1
                if self.count == self.kill_before:
                    os.kill(os.getpid(), signal.SIGKILL)


class Noted:
    """A source, and the rows that it was last asked for."""

    def __init__(self, source: Any):
        self.source, self.lengths = source, source.lengths
        self.asked: list[Rows] = []

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        self.asked.append(rows)
        found: Batch = self.source.batch(rows, draw)
        return found


def note_steps(path: Path) -> None:
    """Have every step of a training write its time, number, rows and the checksum of its batches to a file."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b"\n")

    class NotedSteps(Steps):
        def __init__(self, source: Any, *arguments: Any, **named: Any):
            super().__init__(Noted(source), *arguments, **named)

        def __getitem__(self, step: int) -> list[Part]:
            self.source.asked = []
            parts = super().__getitem__(step)
            seen = [rows for rows, part in zip(self.source.asked, parts, strict=True) if part.real]
            rows = " ".join(str(row) for some in seen for row in some)
            os.write(file, f"{time.monotonic()} {step} {_checksum(parts)} {rows}\n".encode())
            return parts

    loop.Steps = NotedSteps


def _checksum(parts: list[Part]) -> int:
    found = 0
    for part in parts:
        for name, tensor in sorted(part.batch.tensors.items()):
            found = zlib.crc32(tensor.contiguous().numpy().tobytes(), zlib.crc32(name.encode(), found))
    return found


@dataclass(frozen=True)
class Step:
    """A line of a trace."""

    time: float
    step: int
    checksum: int
    rows: tuple[int, ...]


def steps_of(path: Path) -> list[Step]:
    """Read a trace; a last line that was cut off is left out."""
    lines = [line.split() for line in path.read_text().split("\n")[1:-1]] if path.exists() else []
    return [Step(float(time), int(step), int(crc), tuple(map(int, rows))) for time, step, crc, *rows in lines]


def kept_steps(attempts: list[list[Step]]) -> list[Step]:
    """Return the steps that the model of the last attempt has taken: of each attempt those that no later one took
    again."""
    found: list[Step] = []
    for steps in attempts:
        if steps:
            found = [one for one in found if one.step < steps[0].step] + steps
    return found


def seen_once(ranks: list[list[Step]], rows: int) -> None:
    """Assert that over all ranks each epoch saw each row once."""
    by_step = [Counter(row for steps in ranks for row in steps[number].rows) for number in range(len(ranks[0]))]
    assert all([one.step for one in steps] == list(range(len(by_step))) for steps in ranks)
    epoch: Counter[int] = Counter()
    for step in by_step:
        epoch += step
        if sum(epoch.values()) >= rows:
            assert epoch == Counter(range(rows)), epoch
            epoch = Counter()
    assert not epoch


def result(job: Job) -> dict[str, Any]:
    """Return what a run left: every file, with the content of those in which no time is told."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in job.out.rglob("*") if path.is_file()):
        found[path.relative_to(job.out).as_posix()] = _timeless(path)
    return found


def _timeless(path: Path) -> Any:
    if path.suffix in (".html", ".md"):
        return None
    if path.name == "history.jsonl":
        return [_without(json.loads(line), "seconds") for line in path.read_text().splitlines()]
    if path.name == "config.json":
        record = json.loads(path.read_text())
        record["config"]["train"].pop("checkpoint_seconds")
        return record["config"], sorted(record["files"]), sorted(record["learned"]["facts"])
    if path.name == "run.json":
        return _without(json.loads(path.read_text()), "train.checkpoint_seconds")
    return path.read_bytes()


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def left_behind(job: Job) -> list[str]:
    """Return what lies about that should not: temporary files and folders."""
    there: Iterator[Path] = (path for folder in (job.out, job.cache) for path in folder.rglob("*"))
    return [str(path) for path in there if path.name.startswith(".")] + list(map(str, (job.place / "tmp").iterdir()))
