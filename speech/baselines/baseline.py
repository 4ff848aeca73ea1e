"""The classical models that the Transformer must beat, as one: statistics of the sound, and what tells them apart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples, Rows
from ...core.config import from_dict
from ...core.errors import ArtifactError
from ...core.linear import LinearModel, fifth
from ...core.training import Output
from ..audio import AudioConfig
from ..data import SpeechFeatures, mel_of, transcripts
from ..decode import Transcript
from .cepstra import cepstral_statistics
from .machine import KernelMachine, sharpest
from .templates import MOST, Templates, spread

WORDS = "log-mel statistics + logistic regression"
KERNEL = "MFCC statistics + RBF SVM"
TEMPLATES = "MFCC templates + dynamic time warping"
CONNECTED = "most frequent transcript (no classical baseline fits connected speech)"
SILENT = "silence (there was no training set to fit a baseline to)"
FILE = "baseline_audio.json"
_MOST_WORDS = 1000
_MOST_MARGINS = 200_000
"""So many rows times words the machine and the templates take: what they cost grows with both."""
_MOST_COMPARED = 300
"""So many held-out rows are compared with the templates."""
_SEGMENTS = 4


class SpeechBaseline:
    """Whole transcripts as classes where they are few and repeated (words), else the most frequent one.

    Words are told apart by logistic regression on statistics of the log-mel frames, by a support vector machine on
    those of cepstral coefficients, and by the nearest of a few templates of each word: the one with the fewest errors
    on a fifth of the training rows speaks for all. `name` says which, or that none fits.
    """

    names: tuple[str, ...] = (WORDS, KERNEL, TEMPLATES)
    best: str = WORDS
    machine_: KernelMachine | None = None
    templates_: Templates | None = None

    @property
    def name(self) -> str:
        """What a person calls the best of them."""
        return self.best

    @property
    def parameters(self) -> int:
        """The numbers that all keep."""
        return self.linear_.parameters + sum(one.parameters for one in (self.machine_, self.templates_) if one)

    def fit(self, examples: Examples, features: SpeechFeatures, seed: int = 0) -> SpeechBaseline:
        """Fit on transcribed recordings, at the sample rate of `features`."""
        self.audio_ = features.audio
        counts = Counter(transcripts(examples))
        if len(counts) <= _MOST_WORDS and min(counts.values()) >= 2:
            self._fit_words(examples, seed)
        else:
            self.names, self.best = (CONNECTED,), CONNECTED
            size = len(statistics(np.zeros((1, self.audio_.mels), np.float32)))
            self.linear_ = LinearModel.fit(np.zeros((1, size)), [counts.most_common(1)[0][0]])
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return a `Transcript` for each recording; the most frequent one has no probability (nan)."""
        return self.all_outputs(examples, (self.best,))[self.best]

    def all_outputs(self, examples: Examples, names: tuple[str, ...]) -> dict[str, Output]:
        """Return what each of them says."""
        if self.best in (CONNECTED, SILENT):
            return {self.best: [Transcript(self.linear_.classes[0], float("nan")) for _ in range(len(examples))]}
        found: dict[str, Output] = {}
        for name in names:
            model: Any = {WORDS: self.linear_, KERNEL: self.machine_, TEMPLATES: self.templates_}[name]
            probabilities = model.probabilities(self._inputs(examples, name))
            best = zip(probabilities.argmax(axis=1), probabilities.max(axis=1), strict=True)
            found[name] = [Transcript(model.classes[number], float(p)) for number, p in best]
        return found

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, the audio settings as JSON."""
        self.linear_.save(folder)
        for one in (self.machine_, self.templates_):
            if one:
                one.save(folder)
        settings = {"name": self.best, "names": self.names, "audio": asdict(self.audio_)}
        (folder / FILE).write_text(json.dumps(settings), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SpeechBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        baseline.linear_ = LinearModel.load(folder)
        try:
            settings = json.loads((folder / FILE).read_text(encoding="utf-8"))
            baseline.best, baseline.audio_ = settings["name"], from_dict(AudioConfig, settings["audio"])
            baseline.names = tuple(settings.get("names", (baseline.best,)))  # there was one only
            if not {baseline.best} <= set(baseline.names) <= {WORDS, KERNEL, TEMPLATES, CONNECTED, SILENT}:
                raise ValueError(f"no model '{baseline.best}'")
        except FileNotFoundError:
            raise ArtifactError(f"{folder / FILE}: no such file; save the baseline again") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{folder / FILE}: damaged ({error}); save the baseline again") from None
        if KERNEL in baseline.names:
            baseline.machine_ = KernelMachine.load(folder)
        if TEMPLATES in baseline.names:
            baseline.templates_ = Templates.load(folder)
        return baseline

    def _fit_words(self, examples: Examples, seed: int) -> None:
        """Fit all on four fifths to choose, and on all rows to speak; many rows or words take the first alone."""
        texts = np.asarray(transcripts(examples))
        self.names = fitting(len(texts), len(set(texts.tolist())))
        inputs = {name: self._inputs(examples, name) for name in self.names}
        kept, held_out = fifth(len(texts), seed, examples.groups)
        known = held_out[np.isin(texts[held_out], texts[kept])]
        sharpness = dict.fromkeys(self.names, 2.0)
        if len(self.names) > 1 and len(known):
            sharpness |= self._choose(inputs, texts, (kept, known), seed)
        self.linear_ = LinearModel.fit(inputs[WORDS], texts, seed=seed)
        if KERNEL in self.names:
            self.machine_ = KernelMachine.fit(inputs[KERNEL], texts.tolist(), sharpness[KERNEL])
        if TEMPLATES in self.names:
            self.templates_ = Templates.fit(inputs[TEMPLATES], texts.tolist(), sharpness[TEMPLATES])

    def _choose(
        self, inputs: dict[str, Any], texts: npt.NDArray[Any], rows: tuple[Rows, Rows], seed: int
    ) -> dict[str, float]:
        """Choose the best on rows that are held out; return how sharp the scores of each should be."""
        kept, known = rows
        linear = LinearModel.fit(inputs[WORDS][kept], texts[kept], seed=seed)
        wrong = {WORDS: float((linear.predict(inputs[WORDS][known]) != texts[known]).mean())}
        sharpness = {}
        for name, kind in ((KERNEL, KernelMachine), (TEMPLATES, Templates)):
            if name in self.names:
                there = known if name == KERNEL else spread(known, _MOST_COMPARED)
                model: Any = kind.fit(_of(inputs[name], kept), texts[kept].tolist())
                scores = model.scores(_of(inputs[name], there))
                wrong[name] = float((np.asarray(model.classes)[scores.argmax(axis=1)] != texts[there]).mean())
                sharpness[name] = sharpest(scores, np.searchsorted(model.classes, texts[there]))
        self.best = min(wrong, key=lambda name: wrong[name])  # of equals the simplest
        return sharpness

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
