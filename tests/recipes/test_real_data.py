"""What the default models must reach on real data; each recipe is a command of docs/measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fourfold.core.benchmark import Case
from fourfold.core.benchmark.worker import fit
from fourfold.core.domains import domain
from fourfold.speech.audio import AudioConfig
from fourfold.speech.baselines.templates import Templates

pytestmark = pytest.mark.slow


def case(name: str, wanted: str) -> Case:
    return next(found for found in domain(name).load_cases() if found.name == wanted)


def measured(name: str, wanted: str, seed: int = 0, preset: str = "small") -> tuple[float, float]:
    """Return the main metric on the test rows, and the seconds of training."""
    found = case(name, wanted)
    split = found.load(seed)
    model: Any = fit(name, found, preset, seed, split)
    evaluation = model.evaluate(split.test)
    return evaluation.metrics[evaluation.main_metric].value, model.facts_["train_seconds"]


def test_adult_in_five_folds(real_data: Path) -> None:
    assert np.mean([measured("recsys", "adult", fold)[0] for fold in range(5)]) >= 0.915


def test_fsdd(real_data: Path) -> None:
    found = [measured("speech", "fsdd", seed) for seed in range(5)]
    assert np.mean([300 * error_rate for error_rate, _ in found]) <= 1
    assert np.median([seconds for _, seconds in found]) <= 180


def test_connected_digits(real_data: Path) -> None:
    """The mean of five seeds is .26 %, each takes ten minutes."""
    error_rate, _ = measured("speech", "fsdd_connected")
    assert error_rate <= 0.005


@pytest.mark.parametrize("seed", range(5))
def test_yesno_with_every_seed(real_data: Path, seed: int) -> None:
    error_rate, _ = measured("speech", "yesno", seed)
    assert round(error_rate * 232) <= 8


def test_templates_tell_digits_apart(real_data: Path) -> None:
    """Takes 5 to 9 of the training part are held out: 15 errors of 300 were measured."""
    train = case("speech", "fsdd").load(0).train
    recordings = train.inputs
    audio = recordings.resolved(AudioConfig())
    texts, mels = [str(text) for text in train.labels], [recordings.mels(audio).of(row) for row in range(len(train))]
    held_out = np.array([5 <= int(clip.name.split("_")[2].split(".")[0]) <= 9 for clip in recordings])
    kept, rest = np.flatnonzero(~held_out).tolist(), np.flatnonzero(held_out).tolist()
    templates = Templates.fit([mels[row] for row in kept], [texts[row] for row in kept])
    best = templates.scores([mels[row] for row in rest]).argmax(axis=1)
    wrong = sum(templates.classes[word] != texts[row] for word, row in zip(best.tolist(), rest, strict=True))
    assert len(rest) == 300 and wrong <= 20
