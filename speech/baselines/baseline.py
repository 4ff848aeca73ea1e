"""The classical models that the Transformer must beat, as one: statistics of the sound, and what tells them apart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples, Rows
from ...core.config import from_dict
from ...core.errors import BadValue, Damaged, DoesNotFit, NoSuchModel
from ...core.linear import LinearModel, fifth
from ...core.parts import Classical
from ...core.training import Output
from ...core.tuning import Choice
from ..audio import AudioConfig
from ..data import SpeechFeatures, mel_of, transcripts
from ..decode import Transcript
from .cepstra import cepstral_statistics
from .machine import KernelMachine, sharpest
from .templates import MOST, Templates, spread

WORDS = "log-mel statistics + logistic regression"
KERNEL = "MFCC statistics + RBF SVM"
TEMPLATES = "MFCC templates + dynamic time warping"
NAMES = (WORDS, KERNEL, TEMPLATES)
CONNECTED = "most frequent transcript (no classical baseline fits connected speech)"
SILENT = "silence (there was no training set to fit a baseline to)"
FILE = "baseline_audio.json"
_MOST_WORDS = 1000
_MOST_MARGINS = 200_000
"""So many rows times words the machine and the templates take: what they cost grows with both."""
_MOST_COMPARED = 300
"""So many held-out rows are compared with the templates."""
_SEGMENTS = 4


CLASSICAL = {
    "logistic": Classical(WORDS, {"classical.strength": Choice((None, 0.003, 0.01, 0.03, 0.1, 0.3, 3.0, 10.0))}),
    "svm": Classical(KERNEL, {"classical.strength": Choice((None, 0.3, 1.0, 3.0, 30.0, 100.0))}),
    "templates": Classical(TEMPLATES, {"classical.templates": Choice((5, 10, 20, 40))}),
}
_KINDS: dict[str, Any] = {
    WORDS: LinearModel, KERNEL: KernelMachine, TEMPLATES: Templates, CONNECTED: LinearModel, SILENT: LinearModel,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SpeechClassicalConfig:
    """Which classical model stands beside the Transformer: "best" is the best of the three that fit.

    `strength` is the inverse penalty of "logistic" and "svm"; None: 1 and 10. "templates" keeps at most so many
    `templates` of each word.
    """

    model: Literal["best", "logistic", "svm", "templates"] = "best"
    strength: float | None = None
    templates: int = 40

    def __post_init__(self) -> None:
        if self.strength is not None and self.strength <= 0:
            raise BadValue(f"classical.strength ({self.strength}) must be above 0, or none: 1 or 10")
        if self.templates < 1:
            raise BadValue(f"classical.templates ({self.templates}) must be 1 or above")

    @property
    def names(self) -> tuple[str, ...]:
        """The models that are fitted, where they fit."""
        return NAMES if self.model == "best" else (CLASSICAL[self.model].label,)


class SpeechBaseline:
    """Whole transcripts as classes where they are few and repeated (words), else the most frequent one.

    Words are told apart by logistic regression on statistics of the log-mel frames, by a support vector machine on
    those of cepstral coefficients, and by the nearest of a few templates of each word: the one with the fewest errors
    on a fifth of the training rows speaks for all. `name` says which, or that none fits.
    """

    def __init__(self, config: SpeechClassicalConfig | None = None):
        self.config = config or SpeechClassicalConfig()
        self.names = self.config.names
        self.best = self.names[0]

    @classmethod
    def silent(cls, audio: AudioConfig) -> SpeechBaseline:
        """Return one that says nothing: without a training set there is nothing to fit one to."""
        return cls()._constant(SILENT, "", audio)

    @property
    def name(self) -> str:
        """What a person calls the best of them."""
        return self.best

    @property
    def parameters(self) -> int:
        """The numbers that all keep."""
        return sum(one.parameters for one in self.models_.values())

    def fit(self, examples: Examples, features: SpeechFeatures, seed: int = 0) -> SpeechBaseline:
        """Fit on transcribed recordings, at the sample rate of `features`.

        Raises DoesNotFit where the settings name a model that does not fit them.
        """
        self.audio_, counts = features.audio, Counter(transcripts(examples))
        repeated = len(counts) <= _MOST_WORDS and min(counts.values()) >= 2
        fit = fitting(len(examples), len(counts)) if repeated else ()
        self.names = tuple(name for name in self.config.names if name in fit)
        if self.names:
            return self._fit_words(examples, seed)
        if self.config.model != "best":
            raise DoesNotFit(
                f"classical.model: '{self.config.model}' does not fit {len(examples):,} recordings of {len(counts):,} "
                "transcripts; set it to best"
            )
        return self._constant(CONNECTED, counts.most_common(1)[0][0], features.audio)

    def outputs(self, examples: Examples) -> Output:
        """Return a `Transcript` for each recording; the most frequent one has no probability (nan)."""
        return self.all_outputs(examples, (self.best,))[self.best]

    def all_outputs(self, examples: Examples, names: tuple[str, ...]) -> dict[str, Output]:
        """Return what each of them says."""
        if self.best in (CONNECTED, SILENT):
            said = self.models_[self.best].classes[0]
            return {self.best: [Transcript(said, float("nan")) for _ in range(len(examples))]}
        found: dict[str, Output] = {}
        for name in names:
            model = self.models_[name]
            probabilities = model.probabilities(self._inputs(examples, name))
            best = zip(probabilities.argmax(axis=1), probabilities.max(axis=1), strict=True)
            found[name] = [Transcript(model.classes[number], float(p)) for number, p in best]
        return found

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, the audio settings as JSON."""
        for one in self.models_.values():
            one.save(folder)
        settings = {"name": self.best, "names": self.names, "audio": asdict(self.audio_)}
        (folder / FILE).write_text(json.dumps(settings), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SpeechBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        try:
            settings = json.loads((folder / FILE).read_text(encoding="utf-8"))
            baseline.best, baseline.audio_ = settings["name"], from_dict(AudioConfig, settings["audio"])
            baseline.names = tuple(settings.get("names", (baseline.best,)))  # there was one only
            if not {baseline.best} <= set(baseline.names) <= set(_KINDS):
                raise ValueError(f"no model '{baseline.best}'")
        except FileNotFoundError:
            raise NoSuchModel(f"{folder / FILE}: no such file; save the baseline again") from None
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{folder / FILE}: damaged ({error}); save the baseline again") from None
        baseline.models_ = {name: _KINDS[name].load(folder) for name in baseline.names}
        return baseline

    def _constant(self, name: str, said: str, audio: AudioConfig) -> SpeechBaseline:
        """Say the same of every recording."""
        self.names, self.best, self.audio_ = (name,), name, audio
        self.models_ = {name: LinearModel.fit(np.zeros((1, 1)), [said])}
        return self

    def _fit_words(self, examples: Examples, seed: int) -> SpeechBaseline:
        """Fit all on four fifths to choose, and on all rows to speak."""
        texts, self.best = np.asarray(transcripts(examples)), self.names[0]
        inputs = {name: self._inputs(examples, name) for name in self.names}
        kept, held_out = fifth(len(texts), seed, examples.groups)
        known = held_out[np.isin(texts[held_out], texts[kept])]
        sharpness: dict[str, float] = {}
        if self.names != (WORDS,) and len(known):
            sharpness = self._choose(inputs, texts, (kept, known), seed)
        self.models_ = {name: self._fitted(name, x, texts, seed, sharpness.get(name)) for name, x in inputs.items()}
        return self

    def _choose(
        self, inputs: dict[str, Any], texts: npt.NDArray[Any], rows: tuple[Rows, Rows], seed: int
    ) -> dict[str, float]:
        """Choose the best on rows that are held out; return how sharp the scores of each should be."""
        kept, known = rows
        wrong, sharpness = {}, {}
        for name, x in inputs.items():
            there = spread(known, _MOST_COMPARED) if name == TEMPLATES else known
            model = self._fitted(name, _of(x, kept), texts[kept], seed)
            scores = model.scores(_of(x, there))
            wrong[name] = float((np.asarray(model.classes)[scores.argmax(axis=1)] != texts[there]).mean())
            sharpness[name] = sharpest(scores, np.searchsorted(model.classes, texts[there]))
        self.best = min(wrong, key=lambda name: wrong[name])  # of equals the simplest
        return sharpness

    def _fitted(self, name: str, x: Any, texts: npt.NDArray[Any], seed: int, sharpness: float | None = None) -> Any:
        """Return one of the models; the probabilities of logistic regression need no sharpness."""
        if name == WORDS:
            return LinearModel.fit(x, texts, seed=seed, strength=self.config.strength or 1.0)
        if name == KERNEL:
            return KernelMachine.fit(x, texts.tolist(), sharpness or 2.0, penalty=self.config.strength or 10.0)
        return Templates.fit(x, texts.tolist(), sharpness or 2.0, each=self.config.templates)

    def _inputs(self, examples: Examples, name: str) -> Any:
        """Return what a model takes: an array of statistics, or a list of frames."""
        mels = [mel_of(examples, row, self.audio_) for row in range(len(examples))]
        if name == TEMPLATES:
            return mels
        return np.stack([statistics(mel) if name == WORDS else cepstral_statistics(mel) for mel in mels])


def fitting(rows: int, words: int) -> tuple[str, ...]:
    """Return the models for so many recordings of so many words.

    >>> fitting(300, 10)[-1], len(fitting(399, 401)), len(fitting(100_000, 35))
    ('MFCC templates + dynamic time warping', 2, 1)
    """
    if rows * words > _MOST_MARGINS:
        return (WORDS,)
    return (WORDS, KERNEL) if words > MOST else (WORDS, KERNEL, TEMPLATES)


def _of(inputs: Any, rows: Rows) -> Any:
    return inputs[rows] if isinstance(inputs, np.ndarray) else [inputs[row] for row in rows.tolist()]


def statistics(mel_TM: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return mean and deviation of each mel, of the whole and of each quarter, and the log length.

    >>> statistics(np.zeros((7, 40), np.float32)).shape
    (401,)
    """
    edges = np.linspace(0, len(mel_TM), _SEGMENTS + 1).astype(int)
    starts = np.minimum(edges[:-1], len(mel_TM) - 1)
    parts = [mel_TM, *(mel_TM[a : max(a + 1, b)] for a, b in zip(starts, edges[1:], strict=True))]
    values = [value for part in parts for value in (part.mean(0), part.std(0))]
    return np.concatenate([*values, [np.log(len(mel_TM))]]).astype(np.float32)
