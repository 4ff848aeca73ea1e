"""A teacher's words are learned as the formula has it, mixed where rows are mixed, and refused where foreign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from domain_data import SAMPLES, Sample
from torch import nn
from torch.nn import functional as F

from fourfold.core.batch import Batch, Draw, Rows
from fourfold.core.config import override
from fourfold.core.errors import ConfigError
from fourfold.core.training import (
    BinaryClassification,
    Classification,
    Distillation,
    Regression,
    SetClassification,
    TaughtSource,
)


class Says(nn.Module):
    """Says what it holds."""

    def __init__(self, output: torch.Tensor):
        super().__init__()
        self.output = nn.Parameter(output)

    def forward(self, _: Batch) -> torch.Tensor:
        return self.output


def total(task: Any, batch: Batch) -> torch.Tensor:
    counts = task.counts(batch)
    return sum(term.weight * term.sum / counts[name] for name, term in task.loss(batch).items())


def test_the_loss_is_that_of_hinton() -> None:
    torch.manual_seed(0)
    logits, teacher, label = torch.randn(4, 3), torch.randn(4, 3).softmax(1), torch.tensor([0, 2, 1, 1])
    task = Distillation(Classification(Says(logits), 0.1), weight=0.7, temperature=3.0)
    found = total(task, Batch({"label": label, "teacher": teacher}))
    own = F.cross_entropy(logits, label, label_smoothing=0.1)
    soft = (teacher.log() / 3).softmax(1)
    apart = (soft * (soft.log() - (logits / 3).log_softmax(1))).sum(1).mean() * 9
    torch.testing.assert_close(found, 0.3 * own + 0.7 * apart)


@pytest.mark.parametrize(
    ("task", "output", "teacher", "label"),
    [
        (Classification, torch.tensor([[2.0, 0.0]]), torch.tensor([[0.8808, 0.1192]]), torch.tensor([0])),
        (SetClassification, torch.tensor([[2.0, 0.0]]), torch.tensor([[0.8808, 0.5]]), torch.tensor([[1.0, 0.0]])),
        (lambda model: Regression(model, 5.0, 2.0), torch.tensor([[1.0]]), torch.tensor([7.0]), torch.tensor([3.0])),
        (BinaryClassification, torch.tensor([2.0]), torch.tensor([0.8808]), torch.tensor([1.0])),
    ],
)
def test_who_says_the_same_is_at_the_least(task: Any, output: torch.Tensor, teacher: Any, label: Any) -> None:
    model = Says(output.clone())
    taught = Distillation(task(model), weight=1.0, temperature=1.0)
    total(taught, Batch({"label": label, "teacher": teacher})).backward()
    assert model.output.grad.abs().max() < 1e-4
    with torch.no_grad():
        assert np.allclose(np.asarray(taught.predict(Batch({"label": label}))), teacher.numpy(), atol=1e-3)


class Mixing:
    """A source that mixes each row with the next."""

    lengths = None

    def __len__(self) -> int:
        return 4

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        mixed = {"partner": torch.from_numpy((rows + 1) % 4), "share": torch.full((len(rows),), 0.75)}
        return Batch({"x": torch.from_numpy(rows)} | (mixed if draw else {}))


@pytest.mark.parametrize("shape", [(4,), (4, 2)])
def test_words_are_mixed_as_rows_are(shape: tuple[int, ...]) -> None:
    says = np.random.default_rng(0).random(shape).astype(np.float32)
    source = TaughtSource(Mixing(), says)
    rows = np.array([3, 1])
    assert np.allclose(source.batch(rows)["teacher"], says[rows])
    assert np.allclose(source.batch(rows, Draw(0, 0))["teacher"], 0.75 * says[rows] + 0.25 * says[[0, 2]])


def fit(sample: Sample, **more: Any) -> Any:
    return sample.pipeline().set_params(**more).fit(*sample.make(40, 0), valid=0)


def hardly_trained(sample: Sample) -> Any:
    """A model whose own answers do not matter."""
    return fit(sample, config=override(sample.pipeline().config, {"train": {"epochs": 1}}))


@pytest.mark.parametrize("name", ["nlp", "vision", "recsys"])
def test_every_domain_can_teach(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    teacher = fit(sample)
    teacher.save(tmp_path / "teacher")
    pupil = sample.pipeline().set_params(teacher=tmp_path / "teacher")
    pupil.fit(*sample.make(40, 0), valid=0, out=tmp_path / "run")
    assert "teacher" in (tmp_path / "run" / "run.json").read_text()
    X, y = sample.make(40, 0)
    wrong = np.random.default_rng(0).permutation(np.asarray(y))
    settings = sample.pipeline().config
    blind = sample.pipeline().set_params(
        teacher=tmp_path / "teacher", config=override(settings, {"train": {"teacher_weight": 1.0}})
    )
    blind.fit(X, wrong, valid=0)  # the labels do not count
    deep = [np.asarray(one.deep_outputs(one.read(X))) for one in (teacher, blind)]
    assert np.corrcoef(deep[0].ravel(), deep[1].ravel())[0, 1] > 0.8


def test_a_linear_model_can_teach(tmp_path: Path) -> None:
    sample = SAMPLES["nlp"]
    fit(sample, preset="linear", config=None).save(tmp_path / "teacher")
    assert fit(sample, teacher=tmp_path / "teacher").score(*sample.make(40, 0)) > 0.9


def test_a_teacher_of_other_labels_is_refused_before_anything_is_trained(tmp_path: Path, monkeypatch: Any) -> None:
    sample = SAMPLES["nlp"]
    fit(sample).save(tmp_path / "teacher")
    X, y = sample.make(40, 0)
    pupil = sample.pipeline().set_params(teacher=tmp_path / "teacher")
    monkeypatch.setattr(type(pupil), "fit_baseline", None)
    with pytest.raises(ConfigError, match="it knows other labels than the training rows"):
        pupil.fit(X, [f"x{label}" for label in y], valid=0)


def test_transcripts_teach(tmp_path: Path, monkeypatch: Any) -> None:
    sample = SAMPLES["speech"]
    X, y = sample.make(12, 0)
    first = hardly_trained(sample)
    first.save(tmp_path / "teacher")
    follow, seen = type(first).follow, []

    def spied(self: Any, *given: Any) -> Any:
        seen.append(follow(self, *given))
        return seen[0]

    monkeypatch.setattr(type(first), "follow", spied)
    texts = iter([y[0], "", *y[:10]])
    monkeypatch.setattr(type(first), "deep_outputs", lambda *_: list(texts))
    said: list[str] = []
    monkeypatch.setattr(type(first), "_say", lambda _, text: said.append(text))
    pupil = sample.pipeline().set_params(teacher=tmp_path / "teacher", config=first.config)
    pupil.fit(X, y, valid=0)
    (source,) = seen
    assert source.second_share == 0.5 and source.second[1] is None
    assert pupil.features_.vocabulary.decode(source.second[3].tolist()) == y[1]
    assert any(text.startswith("teacher: 1 of 12 transcripts are empty, too long") for text in said)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["", "~"] * 6, "none of its transcripts can be learned: empty, too long"),
        (["one"] * 12, "it says 'one' of every recording; give another"),
    ],
)
def test_a_teacher_without_a_usable_transcript_is_refused(
    texts: list[str], said: str, tmp_path: Path, monkeypatch: Any
) -> None:
    sample = SAMPLES["speech"]
    X, y = sample.make(12, 0)
    first = hardly_trained(sample)
    first.save(tmp_path / "teacher")
    monkeypatch.setattr(type(first), "deep_outputs", lambda *_: texts)
    with pytest.raises(ConfigError, match=said):
        sample.pipeline().set_params(teacher=tmp_path / "teacher").fit(X, y, valid=0)
