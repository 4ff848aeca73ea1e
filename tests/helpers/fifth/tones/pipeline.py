"""All of the fifth domain: adapter, features, model on the core encoder, baseline, pipeline and a benchmark case."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from fourfold.core.batch import Batch, Examples
from fourfold.core.benchmark import Case, Split
from fourfold.core.classifier import Classifier
from fourfold.core.labels import Classes, as_labels
from fourfold.core.linear import LinearModel
from fourfold.core.nn import Encoder, SinusoidalPositions, TransformerConfig
from fourfold.core.tables import read_table
from fourfold.core.training import TrainConfig

LENGTH = 12


@dataclass(frozen=True, kw_only=True)
class FeaturesConfig:
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Config:
    features: FeaturesConfig = field(default_factory=FeaturesConfig)
    model: TransformerConfig = field(default_factory=lambda: TransformerConfig(width=16, num_layers=1, num_heads=2))
    train: TrainConfig = field(default_factory=lambda: TrainConfig(epochs=6, batch_rows=32))


class Source:
    lengths = None

    def __init__(self, values, labels):
        self.values, self.labels = values, labels

    def __len__(self):
        return len(self.values)

    def batch(self, rows, draw=None):
        return Batch({"values": torch.from_numpy(self.values[rows]), "label": torch.from_numpy(self.labels[rows])})


@dataclass(frozen=True)
class Features:
    config: FeaturesConfig
    classes: Classes

    @classmethod
    def fit(cls, examples, config):
        return cls(config, Classes.fit(examples))

    def values(self, examples):
        return np.array([[float(x) for x in row.split()] for row in examples.inputs], np.float32) * self.config.scale

    def source(self, examples, training=False):
        return Source(self.values(examples), self.classes.encode(examples))

    def save(self, folder):
        (folder / "classes.json").write_text(json.dumps(self.classes.names))

    @classmethod
    def load(cls, folder, config):
        return cls(config, Classes(tuple(json.loads((folder / "classes.json").read_text()))))


class Model(nn.Module):
    def __init__(self, config, num_classes):
        super().__init__()
        self.inner, self.positions = nn.Linear(1, config.width), SinusoidalPositions(config.width)
        self.encoder, self.head = Encoder(config), nn.Linear(config.width, num_classes)

    def forward(self, batch):
        return self.head(self.encoder(self.positions(self.inner(batch["values"][:, :, None]))).mean(1))


class Baseline:
    name = "logistic regression on the numbers"

    @property
    def parameters(self):
        return self.linear_.parameters

    def fit(self, examples, features, seed=0):
        self.linear_ = LinearModel.fit(_numbers(examples), features.classes.encode(examples), seed=seed)
        return self

    def outputs(self, examples):
        return self.linear_.probabilities(_numbers(examples))

    def save(self, folder):
        self.linear_.save(folder)

    @classmethod
    def load(cls, folder):
        baseline = cls()
        baseline.linear_ = LinearModel.load(folder)
        return baseline


class SeriesClassifier(Classifier):
    domain, input, label = "tones", "series", "label"
    presets = {"tiny": Config}
    features_type, baseline_type = Features, Baseline

    def read(self, data, labels=None, *, input=None, label=None):
        if isinstance(data, list):
            return Examples(inputs=data, labels=None if labels is None else as_labels(labels), name="series")
        table = read_table(data)
        found = as_labels(table.text_column(label or "label")) if (label or "label") in table.frame else None
        return Examples(inputs=table.text_column(input or "series"), labels=found, name=table.name, place=table.place)

    def build_model(self):
        return Model(self.config_.model, len(self.features_.classes))


def _numbers(examples):
    return np.array([[float(x) for x in row.split()] for row in examples.inputs], np.float32)


def series(count, seed):
    """Rising or falling series around a random level."""
    random = np.random.default_rng(seed)
    slope = random.choice([-1, 1], count)
    values = (
        random.normal(size=(count, 1)) * 3
        + slope[:, None] * np.linspace(-1, 1, LENGTH)
        + random.normal(size=(count, LENGTH)) * 0.3
    )
    return [" ".join(f"{x:.3f}" for x in row) for row in values], ["rising" if s > 0 else "falling" for s in slope]


def _load(seed):
    kind = SeriesClassifier()
    return Split(kind.read(*series(300, seed)), kind.read(*series(100, seed + 1000)))


CASES = (Case(name="slopes", about="rising or falling", load=_load, synthetic=True),)
