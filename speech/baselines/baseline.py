"""The classical models that the Transformer must beat, as one: statistics of the sound, and what tells them apart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples
from ...core.config import from_dict
from ...core.errors import ArtifactError
from ...core.linear import LinearModel, fifth
from ...core.training import Output
from ..audio import AudioConfig
from ..data import SpeechFeatures, mel_of, transcripts
from ..decode import Transcript
from .cepstra import cepstral_statistics
from .machine import KernelMachine, sharpest

WORDS = "log-mel statistics + logistic regression"
KERNEL = "MFCC statistics + RBF SVM"
CONNECTED = "most frequent transcript (no classical baseline fits connected speech)"
SILENT = "silence (there was no training set to fit a baseline to)"
FILE = "baseline_audio.json"
_MOST_WORDS = 1000
_MOST_MARGINS = 200_000
"""So many rows times words the machine takes: what it costs grows with both."""
_SEGMENTS = 4


class SpeechBaseline:
    """Whole transcripts as classes where they are few and repeated (words), else the most frequent one.

    Words are told apart by logistic regression on statistics of the log-mel frames, and by a support vector machine on
    those of cepstral coefficients: the one with fewer errors on a fifth of the training rows speaks for both. `name`
    says which, or that neither fits.
    """

    names: tuple[str, ...] = (WORDS, KERNEL)
    best: str = WORDS
    machine_: KernelMachine | None = None

    @property
    def name(self) -> str:
        """What a person calls the better of the two."""
        return self.best

    @property
    def parameters(self) -> int:
        """The numbers that both keep."""
        return self.linear_.parameters + (self.machine_.parameters if self.machine_ else 0)

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
            model = self.linear_ if name == WORDS else self.machine_
            assert model is not None
            probabilities = model.probabilities(self._inputs(examples, name))
            best = zip(probabilities.argmax(axis=1), probabilities.max(axis=1), strict=True)
            found[name] = [Transcript(model.classes[number], float(p)) for number, p in best]
        return found

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, the audio settings as JSON."""
        self.linear_.save(folder)
        if self.machine_:
            self.machine_.save(folder)
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
            if not {baseline.best} <= set(baseline.names) <= {WORDS, KERNEL, CONNECTED, SILENT}:
                raise ValueError(f"no model '{baseline.best}'")
        except FileNotFoundError:
            raise ArtifactError(f"{folder / FILE}: no such file; save the baseline again") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{folder / FILE}: damaged ({error}); save the baseline again") from None
        if KERNEL in baseline.names:
            baseline.machine_ = KernelMachine.load(folder)
        return baseline

    def _fit_words(self, examples: Examples, seed: int) -> None:
        """Fit both on four fifths to choose, and on all rows to speak; many rows or words take the first alone."""
        texts = np.asarray(transcripts(examples))
        if len(texts) * len(set(texts.tolist())) > _MOST_MARGINS:
            self.names = (WORDS,)
        inputs = {name: self._inputs(examples, name) for name in self.names}
        kept, held_out = fifth(len(texts), seed, examples.groups)
        sharpness = 2.0
        known = held_out[np.isin(texts[held_out], texts[kept])]
        if len(self.names) > 1 and len(known):
            linear = LinearModel.fit(inputs[WORDS][kept], texts[kept], seed=seed)
            machine = KernelMachine.fit(inputs[KERNEL][kept], texts[kept].tolist())
            scores = machine.scores(inputs[KERNEL][known])
            wrong = (np.asarray(machine.classes)[scores.argmax(axis=1)] != texts[known]).sum()
            if wrong < (linear.predict(inputs[WORDS][known]) != texts[known]).sum():
                self.best = KERNEL
            sharpness = sharpest(scores, np.searchsorted(machine.classes, texts[known]))
        self.linear_ = LinearModel.fit(inputs[WORDS], texts, seed=seed)
        if KERNEL in self.names:
            self.machine_ = KernelMachine.fit(inputs[KERNEL], texts.tolist(), sharpness)

    def _inputs(self, examples: Examples, name: str) -> npt.NDArray[np.float32]:
        describe = statistics if name == WORDS else cepstral_statistics
        return np.stack([describe(mel_of(examples, row, self.audio_)) for row in range(len(examples))])


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
