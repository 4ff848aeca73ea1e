"""`SpeechRecognizer`: from recordings to transcripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from ..core.batch import Examples, Source
from ..core.errors import ConfigError
from ..core.metrics import Statistic, character_errors, error_rate, word_errors
from ..core.objectives import Prediction
from ..core.pipeline import Pipeline
from ..core.report import Evaluation, Mistake, Table
from ..core.training import Output, Task
from . import data
from .baselines import SpeechBaseline
from .config import PRESETS, SPACE
from .data import transcripts
from .domain import DOMAIN
from .model import SpeechModel
from .task import SpeechTask

_MISTAKES = 20


def all_blank(outputs: Output) -> str:
    """Say that all transcripts are empty, where they are.

    >>> all_blank(["", ""]), all_blank(["", "a"])
    ('every transcript of the held-out recordings is empty', '')
    """
    return "" if any(outputs) else "every transcript of the held-out recordings is empty"


class SpeechRecognizer(Pipeline):
    """Turns recordings into text with a Transformer trained on your data by CTC and attention together."""

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    metrics = ("wer", "cer")
    stratify = False
    presets = PRESETS
    space = SPACE
    features_type = data.SpeechFeatures
    baseline_type = SpeechBaseline

    @property
    def columns(self) -> dict[str, str]:
        """The text is all that is written."""
        return {"text": "label"}

    def read(self, data_: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read recordings from a table of paths or bytes, a folder, files or arrays; each is decoded once."""
        audio = self.features_.audio if hasattr(self, "features_") else self._settings.audio
        return data.read(data_, labels, input=input, label=label, audio=audio)

    @property
    def _settings(self) -> data.SpeechFeaturesConfig:
        config = self.config_ if hasattr(self, "config_") else self.resolve()
        found: data.SpeechFeaturesConfig = config.features
        return found

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read sound files, and those below folders, from the command line."""
        found = [data.sounds_in(Path(one)) if Path(one).is_dir() else [one] for one in inputs]
        return self.read([one for several in found for one in several])

    def parts_of(self, data_: Any) -> dict[str, Any]:
        """Return the parts train, valid and test of a folder that is divided so."""
        return data.divided(data_) or super().parts_of(data_)

    def examine(self, examples: Examples, test: Examples | None = None) -> dict[str, Any]:
        """Add lengths, speakers, rates, loudness, characters, what cannot be learned, and what the test shares."""
        return data.examine(examples, test, super().examine(examples, test), self._settings)

    @property
    def tolerance(self) -> float:
        """The share of recordings that may be left out because they cannot be read."""
        return self._settings.unreadable

    def group(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Keep a speaker on one side of the split, where `features.group` asks for it."""
        return data.speakers(examples) if self._settings.group == "speaker" else None

    def build_model(self) -> nn.Module:
        """Build the recogniser for these frames and this vocabulary."""
        features = self.features_
        return SpeechModel(
            self.config_.model,
            mels=features.audio.mels,
            vocab_size=len(features.vocabulary),
            subsampling=features.subsampling,
            early=self.config_.early > 0,
        )

    def build_task(self, model: nn.Module, examples: Examples | None = None) -> Task:
        """Train by CTC and attention; predict by CTC's best transcripts, rescored by the decoder."""
        assert isinstance(model, SpeechModel)
        smoothing = self.config_.train.label_smoothing
        return SpeechTask(
            model,
            self.features_.vocabulary,
            attention=self.config_.attention,
            consistency=self.config_.consistency,
            early=self.config_.early,
            label_smoothing=smoothing,
        )

    def follow(self, source: Source, says: Output, share: float) -> Source:
        """Have a share of the rows learn the teacher's transcripts (Kim and Rush, "Sequence-level knowledge
        distillation", 2016); say how many cannot be learned, ConfigError where that is all, or it says the same of all.
        """
        assert isinstance(source, data.SpeechSource)
        texts = [str(text) for text in says]
        if len(texts) > 1 and len(set(texts)) == 1:  # as the baseline does with connected speech
            raise ConfigError(f"teacher '{self.teacher}': it says '{texts[0]}' of every recording; give another")
        found = self.features_.following(source, texts, share)
        assert found.second is not None
        rows, unusable = len(found), sum(target is None for target in found.second)
        why = "empty, too long for the recording, or of characters or words that were not learned"
        if unusable == rows:
            raise ConfigError(f"teacher '{self.teacher}': none of its transcripts can be learned: {why}; give another")
        if unusable:
            self._say(f"teacher: {unusable:,} of {rows:,} transcripts are {why}; these rows keep their own")
        return found

    def hopeless(self) -> Callable[[Output], str]:
        """Return what notices that CTC says nothing but blanks."""
        return all_blank

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return word and character error rates."""
        references, heard = transcripts(examples), list(outputs)
        return {
            "wer": error_rate(word_errors(references, heard)),
            "cer": error_rate(character_errors(references, heard)),
        }

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the kinds of error and the worst utterances."""
        references, heard = transcripts(examples), list(outputs)
        found = word_errors(references, heard)
        totals = [
            sum(getattr(one, kind) for one in found) for kind in ("substitutions", "insertions", "deletions", "length")
        ]
        worst = sorted((row for row in range(len(found)) if found[row].errors), key=lambda row: -found[row].errors)
        mistakes = [
            Mistake(
                place=examples.place(row),
                truth=references[row],
                prediction=str(heard[row]),
                score=float(found[row].errors),
            )
            for row in worst[:_MISTAKES]
        ]
        columns = ("substitutions", "insertions", "deletions", "words")
        table = Table(title="Word errors", columns=columns, rows=(tuple(totals),))
        return replace(evaluation, tables=(table,), mistakes=tuple(mistakes))

    def answers(self, outputs: Output) -> list[Prediction]:
        """Return each transcript with the probability that the model gives it."""
        return [Prediction(str(text), getattr(text, "confidence", None)) for text in outputs]

    def score(self, X: Any, y: Any = None) -> float:
        """Return 1 − word error rate, so that more is better, as scikit-learn expects of a score."""
        return 1 - super().score(X, y)
