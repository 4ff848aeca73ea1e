"""Small generated data for every domain, as arrays and as files, each easily learned."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from PIL import Image

from fourfold.core.domains import domain


@dataclass(frozen=True)
class Sample:
    """A domain's data: `make(count, seed)` gives (X, y); `write(folder, count, seed)` a labelled CSV.

    `settings` make the tiny preset learn a few dozen rows by heart.
    """

    name: str
    make: Callable[[int, int], tuple[Any, Any]]
    write: Callable[[Path, int, int], Path]
    settings: dict[str, Any]

    def pipeline(self, **settings: Any) -> Any:
        from fourfold.core.config import override

        kind = domain(self.name).load_pipeline()
        return kind(preset="tiny", config=override(kind.presets["tiny"](), self.settings), **settings)


def texts(count: int, seed: int) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(seed)
    filler = ["the", "a", "film", "was", "and", "it", "seemed", "rather", "quite", "on", "this", "evening"]
    labels = ["good" if number % 2 else "bad" for number in range(count)]
    words = {"good": ["fine", "great", "lovely"], "bad": ["poor", "dull", "awful"]}
    rows = []
    for label in labels:
        row = [*random.choice(filler, random.integers(2, 9)), str(random.choice(words[label]))]
        rows.append(" ".join(random.permutation(row)))
    return rows, labels


def images(count: int, seed: int) -> tuple[np.ndarray, list[str]]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(digits.target < 3))[:count]
    return (digits.images[rows] * 15.9).astype(np.uint8), [f"digit {label}" for label in digits.target[rows]]


def clicks(count: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "site": random.choice(["north", "south", "east"], count),
            "device": random.choice(["phone", "desk"], count),
            "age": random.integers(18, 70, count),
        }
    )
    clicked = (frame["site"] == "north") ^ (frame["device"] == "phone")
    return frame, clicked.to_numpy().astype(int)


def sounds(count: int, seed: int) -> tuple[list[tuple[np.ndarray, int]], list[str]]:
    """Tones: "lo" at 300 Hz, "hi" at 1500 Hz, one or two in a row."""
    random = np.random.default_rng(seed)
    waves, labels = [], []
    for number in range(count):
        words = ["lo" if value else "hi" for value in random.integers(2, size=1 + number % 2)]
        parts = []
        for word in words:
            time = np.arange(int(8000 * random.uniform(0.25, 0.35))) / 8000
            parts += [0.3 * np.sin(2 * np.pi * (300 if word == "lo" else 1500) * time), np.zeros(400)]
        wave = np.concatenate(parts) + 0.01 * random.standard_normal(sum(map(len, parts)))
        waves.append((wave.astype(np.float32), 8000))
        labels.append(" ".join(words))
    return waves, labels


def write_csv(path: Path, columns: list[str], rows: Any) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def write_texts(folder: Path, count: int, seed: int) -> Path:
    return write_csv(folder / "data.csv", ["text", "label"], zip(*texts(count, seed), strict=True))


def write_images(folder: Path, count: int, seed: int) -> Path:
    pixels, labels = images(count, seed)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number}.png")
    return write_csv(folder / "data.csv", ["path", "label"], [(f"{k}.png", label) for k, label in enumerate(labels)])


def write_clicks(folder: Path, count: int, seed: int) -> Path:
    frame, labels = clicks(count, seed)
    frame.assign(label=labels).to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


def write_sounds(folder: Path, count: int, seed: int) -> Path:
    waves, labels = sounds(count, seed)
    for number, (wave, rate) in enumerate(waves):
        soundfile.write(folder / f"{number}.wav", wave, rate)
    return write_csv(folder / "data.csv", ["audio", "text"], [(f"{k}.wav", label) for k, label in enumerate(labels)])


def _train(epochs: float, lr: float, **features: Any) -> dict[str, Any]:
    return {"train": {"epochs": epochs, "batch_rows": 16, "optimizer": {"lr": lr}}, "features": features}


_SPEECH = {"encoder": {"width": 48, "num_layers": 1}, "decoder": {"width": 48, "num_layers": 1}, "kernel": 5}

SAMPLES = {
    "nlp": Sample("nlp", texts, write_texts, _train(25, 3e-3, token_dropout=0.0, min_frequency=1)),
    "vision": Sample("vision", images, write_images, _train(25, 3e-3, augment={"shift": 0.0})),
    "recsys": Sample("recsys", clicks, write_clicks, _train(40, 1e-2)),
    "speech": Sample("speech", sounds, write_sounds, _train(40, 6e-3, units="characters") | {"model": _SPEECH}),
}
