"""The classical model that the Transformer must beat: statistics of the sound and logistic regression."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..core.batch import Examples
from ..core.config import from_dict
from ..core.errors import ArtifactError
from ..core.linear import LinearModel
from ..core.training import Output
from .audio import AudioConfig
from .data import SpeechFeatures, mel_of, transcripts
from .decode import Transcript

WORDS = "log-mel statistics + logistic regression"
CONNECTED = "most frequent transcript (no classical baseline fits connected speech)"
FILE = "baseline_audio.json"
_MOST_WORDS = 1000
_SEGMENTS = 4


class SpeechBaseline:
    """Whole transcripts as classes where they are few and repeated (words), else the most frequent one.

    `name` says which of the two it is.
    """

    name = WORDS

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return self.linear_.parameters

    def fit(self, examples: Examples, features: SpeechFeatures, seed: int = 0) -> SpeechBaseline:
        """Fit on transcribed recordings, at the sample rate of `features`."""
        self.audio_ = features.audio
        counts = Counter(transcripts(examples))
        if len(counts) <= _MOST_WORDS and min(counts.values()) >= 2:
            x = self._statistics(examples)
            self.linear_ = LinearModel.fit(x, transcripts(examples), seed=seed)
        else:
            self.name = CONNECTED
            size = len(statistics(np.zeros((1, self.audio_.mels), np.float32)))
            self.linear_ = LinearModel.fit(np.zeros((1, size)), [counts.most_common(1)[0][0]])
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return a `Transcript` for each recording; the most frequent one has no probability (nan)."""
        if self.name == CONNECTED:
            return [Transcript(self.linear_.classes[0], float("nan")) for _ in range(len(examples))]
        probabilities = self.linear_.probabilities(self._statistics(examples))
        names = [self.linear_.classes[number] for number in probabilities.argmax(axis=1)]
        return [Transcript(name, float(p)) for name, p in zip(names, probabilities.max(axis=1), strict=True)]

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, the audio settings as JSON."""
        self.linear_.save(folder)
        settings = {"name": self.name, "audio": asdict(self.audio_)}
        (folder / FILE).write_text(json.dumps(settings), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SpeechBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        baseline.linear_ = LinearModel.load(folder)
        try:
            settings = json.loads((folder / FILE).read_text(encoding="utf-8"))
            baseline.name, baseline.audio_ = settings["name"], from_dict(AudioConfig, settings["audio"])
        except FileNotFoundError:
            raise ArtifactError(f"{folder / FILE}: no such file; save the baseline again") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{folder / FILE}: damaged ({error}); save the baseline again") from None
        return baseline

    def _statistics(self, examples: Examples) -> npt.NDArray[np.float32]:
        return np.stack([statistics(mel_of(examples, row, self.audio_)) for row in range(len(examples))])


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
