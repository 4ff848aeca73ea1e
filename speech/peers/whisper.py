"""From samples in memory to text: transformers' speech recognition pipeline beside ours, one Whisper for both."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ...core.benchmark import Block, Contender, data_root
from ...core.benchmark.speed import OURS
from ...core.hub import find_folder
from ..audio import Wave, decode, resample
from ..pipeline import SpeechRecognizer
from ..pretrained.config import RATE
from ..synth import spoken_numbers

IN_BFLOAT16 = "ours, in bfloat16"
"""Half the time where the hardware multiplies in it, and many times as long where it does not."""

_CLIPS = "speech/an4_wav50/asr"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A Whisper's folder, and recordings at 16 kHz."""

    folder: str
    waves: list[Wave]
    threads: int


def load_setting(name: str, steps: int, threads: int) -> Setting:
    """Return the setting of a Whisper, with so many recordings of AN4 where the data lie, else synthetic ones."""
    return Setting(folder=str(find_folder(name)), waves=clips(steps), threads=threads)


def clips(count: int) -> list[Wave]:
    """Return so many recordings of AN4 at 16 kHz where the data lie, else synthetic ones."""
    root = data_root()
    files = sorted((root / _CLIPS).rglob("*.wav"))[:count] if root is not None else []
    return [resample(*decode(path), RATE) for path in files] or spoken_numbers(count)[0]


def writers(setting: Setting) -> list[Contender]:
    """Return ours, also in bfloat16, and theirs greedy by one and by eight, and as it is shipped.

    `texts_equal` is the share of recordings of which a contender writes what ours does. Theirs looks for the best of
    five beams unless it is told otherwise; the others all take the most probable token.
    """
    torch.set_num_threads(setting.threads)
    model = SpeechRecognizer.from_pretrained(setting.folder, device="cpu")
    pipe, count = _pipeline(model), len(setting.waves)
    sounds = [(wave, RATE) for wave in setting.waves]

    def ours(precision: str) -> list[str]:
        return [str(text) for text in model.set_params(precision=precision).predict(sounds)]

    wanted = ours("float32")
    return [
        Writer(OURS, lambda: ours("float32"), wanted).contender(count),
        Writer(IN_BFLOAT16, lambda: ours("bfloat16"), wanted).contender(count),
        Writer("HF pipeline, greedy", _theirs(setting, pipe, 1, 1), wanted).contender(count),
        Writer("HF pipeline, greedy, batches of 8", _theirs(setting, pipe, 1, 8), wanted).contender(count),
        Writer("HF pipeline as shipped", _theirs(setting, pipe, None, 1), wanted).contender(count),
    ]


@dataclass(frozen=True)
class Writer:
    """Someone who writes all recordings down, and what ours made of them."""

    name: str
    write: Callable[[], list[str]]
    wanted: list[str]

    def contender(self, count: int) -> Contender:
        def run(_: int) -> Block:
            start = time.perf_counter(), time.process_time()
            texts = self.write()
            seconds, cpu_seconds = time.perf_counter() - start[0], time.process_time() - start[1]
            equal = sum(text == wish for text, wish in zip(texts, self.wanted, strict=True)) / len(texts)
            return Block(rows=count, seconds=seconds, cpu_seconds=cpu_seconds, more={"texts_equal": equal})

        return Contender(self.name, run)


def _pipeline(model: SpeechRecognizer) -> Any:
    from transformers import pipeline

    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return pipeline("automatic-speech-recognition", model=folder, device="cpu")


def _theirs(setting: Setting, pipe: Any, beams: int | None, rows: int) -> Callable[[], list[str]]:
    options = {} if beams is None else {"num_beams": beams}

    def run() -> list[str]:
        sounds = [{"raw": wave, "sampling_rate": RATE} for wave in setting.waves]
        return [found["text"].strip() for found in pipe(sounds, batch_size=rows, generate_kwargs=options)]

    return run
