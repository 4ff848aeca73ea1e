"""How many seconds of sound one of our recognisers of 13 million parameters writes down in a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ...core.benchmark import Contender
from ...core.benchmark.machine import matrix_peak
from ...core.benchmark.speed import OURS
from ..config import SpeechConfig, base
from ..pipeline import SpeechRecognizer
from ..pretrained.config import RATE
from .ctc import CtcSetting
from .recipe import parameters
from .whisper import IN_BFLOAT16, Writer, clips

_LAYERS, _STEP_FRAMES = 13, 4
_SENTENCES = ("the quick brown fox jumps over the lazy dog", "pack my box with five dozen liquor jugs")


def load_minutes(name: str, steps: int, threads: int) -> CtcSetting:
    """Return `steps` seconds of sound, recordings over and over; `name` says nothing here."""
    found, seconds = clips(64), 0.0
    waves = []
    for number in range(steps):
        if seconds >= steps:
            break
        waves.append(found[number % len(found)])
        seconds += len(waves[-1]) / RATE
    return CtcSetting(waves=waves, threads=threads)


def config_13m(frames: int = _STEP_FRAMES) -> SpeechConfig:
    """Return `base`, deeper, so that what CTC needs of it has 13 million parameters; a step has so many frames."""
    config = base()
    model = replace(config.model, encoder=replace(config.model.encoder, num_layers=_LAYERS))
    audio = replace(config.features.audio, sample_rate=RATE)
    features = replace(config.features, audio=audio, subsampling=frames, units="characters")
    return replace(config, model=model, features=features, train=replace(config.train, max_steps=1, batch_rows=2))


def recogniser(frames: int) -> SpeechRecognizer:
    """Return a recogniser of that size which has learned nothing."""
    random = np.random.default_rng(0)
    waves = [(random.standard_normal(4 * RATE).astype(np.float32), RATE) for _ in range(4)]
    return SpeechRecognizer(config=config_13m(frames), device="cpu").fit(waves, list(_SENTENCES * 2), valid=0)


def decoders(setting: CtcSetting) -> list[Contender]:
    """Return ours by the most probable path, at steps of four frames (also in bfloat16) and of eight; and by a beam."""
    torch.set_num_threads(setting.threads)
    seconds = round(sum(map(len, setting.waves)) / RATE)
    sounds = [(wave, RATE) for wave in setting.waves]

    def writer(name: str, frames: int, search: str, precision: str = "float32") -> Contender:
        model = recogniser(frames).answer_with({"decoding": {"search": search}}).set_params(precision=precision)
        write: Callable[[], list[str]] = lambda: [str(text) for text in model.predict(sounds)]  # noqa: E731
        return Writer(name, write, write()).contender(seconds)

    return [
        writer(OURS, 4, "greedy"),
        writer(IN_BFLOAT16, 4, "greedy", "bfloat16"),
        writer("ours, steps of 8 frames", 8, "greedy"),
        writer("ours, a beam of 8", 4, "beam"),
    ]


def decoding_facts(setting: CtcSetting, rate: float) -> dict[str, Any]:
    """Return the size of what CTC needs, its GFLOP for a second of sound, and the machine's peak."""
    model = recogniser(_STEP_FRAMES).model_
    ctc = sum(parameters(getattr(model, part)) for part in ("subsampling", "encoder", "ctc"))
    return {
        "parameters": ctc, "gflop_per_second_of_sound": round(2e-9 * ctc * 100 / _STEP_FRAMES, 2),
        "peak_gflops": round(matrix_peak(torch.float32), 1),
    }  # fmt: skip
