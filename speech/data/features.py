"""What is learned from the training recordings, and the way from recordings to frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from ...core.batch import Examples, Rows
from ...core.errors import BadRow, BadValue, Damaged, NoLabels, NoSuchModel, NothingUsable, SettingsConflict
from ..audio import AudioConfig, log_mel
from .augment import AugmentConfig
from .clips import Clip
from .mels import MelTable
from .noise import Noise
from .pieces import PIECES, Pieces, fit_pieces
from .recordings import Recordings, as_recordings
from .source import SpeechSource
from .vocabulary import Vocabulary, few_words, steps_needed

FILE, TOKENIZER = "vocabulary.json", "tokenizer.json"
_Lengths = TypeVar("_Lengths", int, npt.NDArray[np.int64])


@dataclass(frozen=True, kw_only=True)
class SpeechFeaturesConfig:
    """How recordings become frames, and transcripts targets.

    `normalisation` brings each mel to mean 0 and variance 1 over the training corpus or over each
    utterance. `subsampling` frames make one step of the encoder: 4, or 2 where speech is so short or fast
    that 4 would leave CTC too few steps; 0 chooses by the training set. A model of `units` "words" says only
    words that it was trained on; "auto" takes words where the training set has at most 100, each 5 times or
    more, and characters otherwise; "bpe" and "unigram" learn at most `vocab_size` pieces of words. Up to the share
    `unreadable` of the recordings, and of empty transcripts, may be left out; where there are more, training stops.
    `group` "speaker" holds out whole speakers.
    """

    audio: AudioConfig = field(default_factory=AudioConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    normalisation: Literal["corpus", "utterance"] = "corpus"
    subsampling: int = 0
    units: Literal["auto", "characters", "words", "bpe", "unigram"] = "auto"
    vocab_size: int = 500
    unreadable: float = 0.01
    flat_start: float = 0.0
    group: Literal["none", "speaker"] = "none"

    def __post_init__(self) -> None:
        if self.subsampling not in (0, 2, 4, 8):
            raise BadValue(f"features.subsampling ({self.subsampling}) must be 0 (automatic), 2, 4 or 8")
        if self.units not in ("auto", "characters", "words", *PIECES):
            raise BadValue(f"features.units ('{self.units}') must be auto, characters, words, bpe or unigram")
        if self.vocab_size < 2:
            raise BadValue(f"features.vocab_size ({self.vocab_size}) must be 2 or above")
        if self.normalisation not in ("corpus", "utterance"):
            raise BadValue(f"features.normalisation ('{self.normalisation}') must be corpus or utterance")
        if self.group not in ("none", "speaker"):
            raise BadValue(f"features.group ('{self.group}') must be none or speaker")
        if not 0 <= self.flat_start <= 1:
            raise BadValue(f"features.flat_start ({self.flat_start}) must lie in [0, 1]: a share of training")
        if self.augment.noise and self.audio.level != "utterance":
            raise SettingsConflict(
                f"features.augment.noise: frames of the level '{self.audio.level}' take no noise; "
                "set features.audio.level=utterance, or no noise"
            )
        if not 0 <= self.unreadable <= 1:
            raise BadValue(f"features.unreadable ({self.unreadable}) must lie in [0, 1]: a share of the recordings")

    def vocabulary(self, texts: Sequence[str]) -> Vocabulary:
        """Return the units of transcripts; ConfigError where these have more characters than `vocab_size` pieces."""
        if self.units in PIECES:
            return fit_pieces(texts, cast(Pieces, self.units), self.vocab_size)
        words = few_words(texts) if self.units == "auto" else self.units == "words"
        return Vocabulary.fit(texts, words)


@dataclass(frozen=True, eq=False)
class SpeechFeatures:
    """What a training set gives: sample rate, subsampling, units, mean and deviation of each mel."""

    config: SpeechFeaturesConfig
    audio: AudioConfig
    subsampling: int
    vocabulary: Vocabulary
    mean: npt.NDArray[np.float32]
    deviation: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, examples: Examples, config: SpeechFeaturesConfig) -> SpeechFeatures:
        """Learn from transcribed recordings; raises DataError for one that cannot be used, naming it."""
        texts = transcripts(examples)
        recordings = as_recordings(examples.inputs)
        audio = recordings.resolved(config.audio)
        table = _readable(examples, recordings.mels(audio))
        mean, deviation = table.overall()
        vocabulary = config.vocabulary(texts)
        needed = [steps_needed(vocabulary.encode(text)) for text in texts]
        return cls(
            config=config,
            audio=audio,
            subsampling=config.subsampling or choose_subsampling(table.lengths, np.array(needed)),
            vocabulary=vocabulary,
            mean=mean.astype(np.float32),
            deviation=deviation.astype(np.float32),
        )

    def normalise(self, mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return (T, M) frames of mean 0 and variance 1 by the configured statistics."""
        if self.config.normalisation == "utterance":
            return np.asarray((mel - mel.mean(0)) / np.maximum(mel.std(0), 1e-3))
        return (mel - self.mean) / self.deviation

    def source(self, examples: Examples, training: bool = False) -> SpeechSource:
        """Return the frames of all recordings, as they were made when these were read.

        In `training` they come with targets; a transcript that is empty, or longer than CTC can align, leaves its
        recording out, by name. Raises DataError for a recording that cannot be decoded and, in training, for an
        unknown character or word.
        """
        targets = self._targets(examples) if training else None
        table = _readable(examples, as_recordings(examples.inputs).mels(self.audio))
        lengths = table.lengths
        kept = np.arange(len(table))
        if targets is not None:
            needed = np.array([steps_needed(target) for target in targets], np.int64)
            kept = np.flatnonzero((needed > 0) & (needed <= subsampled(lengths, self.subsampling)))
        if not len(kept):
            raise NothingUsable(f"{examples.name}: every transcript is longer than its recording; check the pairing")
        left = np.setdiff1d(np.arange(len(table)), kept).tolist()
        mean, deviation = self._moments(table, kept)
        return SpeechSource(
            frames=table.frames,
            lengths=lengths[kept],
            targets=None if targets is None else [targets[row] for row in kept],
            augment=self.config.augment,
            subsampling=self.subsampling,
            left_out=tuple(f"{examples.place(row)} ({examples.inputs[row].name})" for row in left),
            kept=kept,
            starts=table.starts[kept],
            mean=mean,
            deviation=deviation,
            flat_start=self.config.flat_start,
            rate=self.audio.sample_rate,
            noise=Noise.of(names, self.audio) if training and (names := self.config.augment.noise) else None,
        )

    def _moments(self, table: MelTable, kept: Rows) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return what normalises the rows that are kept, as `normalise` does."""
        if self.config.normalisation == "corpus":
            return self.mean, self.deviation
        mean, deviation = table.moments[table.places[kept]].swapaxes(0, 1)
        return mean, np.maximum(deviation, 1e-3)

    def following(self, source: SpeechSource, texts: Sequence[str], share: float) -> SpeechSource:
        """Return the source of a training, in which `share` of the rows take the transcripts `texts`, anew each epoch.

        A row keeps its own where the other is empty, too long for its frames, or of units that were not learned.
        """
        assert source.kept is not None
        second = [
            self._alignable(texts[row], int(length)) for row, length in zip(source.kept, source.lengths, strict=True)
        ]
        return replace(source, second=second, second_share=share)

    def _alignable(self, text: str, frames: int) -> npt.NDArray[np.int64] | None:
        if not text or self.vocabulary.unknown(text):
            return None
        target = self.vocabulary.encode(text)
        return target if steps_needed(target) <= subsampled(frames, self.subsampling) else None

    def _targets(self, examples: Examples) -> list[npt.NDArray[np.int64]]:
        targets = []
        for row, text in enumerate(transcripts(examples)):
            unknown = self.vocabulary.unknown(text)
            if unknown:
                raise BadRow(f"{examples.place(row)}: {self.vocabulary.lacks(unknown[0])}")
            targets.append(self.vocabulary.encode(text))
        return targets

    def save(self, folder: Path) -> None:
        """Write `vocabulary.json`: units, sample rate, subsampling, normalisation; of pieces, `tokenizer.json`, too."""
        if self.vocabulary.tokenizer is not None:
            text = self.vocabulary.tokenizer.to_str(pretty=True)
            (folder / TOKENIZER).write_text(text, encoding="utf-8")
        learned = {
            "units": list(self.vocabulary.units),
            "words": self.vocabulary.words,
            "sample_rate": self.audio.sample_rate,
            "subsampling": self.subsampling,
            "mean": [float(value) for value in self.mean],
            "deviation": [float(value) for value in self.deviation],
        }
        (folder / FILE).write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, config: SpeechFeaturesConfig) -> SpeechFeatures:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        path = folder / FILE
        try:
            learned = json.loads(path.read_text(encoding="utf-8"))
            audio = replace(config.audio, sample_rate=int(learned["sample_rate"]))
            vocabulary = Vocabulary(tuple(learned["units"]), bool(learned["words"]))
            if config.units in PIECES:
                vocabulary = _pieces(folder / TOKENIZER, vocabulary.units)
            subsampling = int(learned["subsampling"])
            mean, deviation = (np.array(learned[name], dtype=np.float32) for name in ("mean", "deviation"))
            if not (np.isfinite(mean).all() and np.isfinite(deviation).all()):
                raise ValueError("statistics that are no finite numbers")
        except FileNotFoundError:
            raise NoSuchModel(f"{path}: no such file; save the model again") from None
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{path}: damaged ({error}); save the model again") from None
        if mean.shape != (audio.mels,) or deviation.shape != (audio.mels,):
            raise Damaged(f"{path}: damaged (statistics of {mean.size} mels, not {audio.mels}); save it again")
        return cls(config, audio, subsampling, vocabulary, mean, deviation)


def _pieces(path: Path, units: tuple[str, ...]) -> Vocabulary:
    """Read the tokenizer of these pieces; raises ArtifactError where it is missing, damaged, or another's."""
    if not path.is_file():
        raise NoSuchModel(f"{path}: no such file; save the model again")
    try:
        found = Vocabulary.of(Tokenizer.from_file(str(path)))
    except Exception as error:  # what the library raises has no type of its own
        raise Damaged(f"{path}: damaged ({error}); save the model again") from None
    if found.units != units:
        raise Damaged(f"{path}: damaged (its pieces are not those of {FILE}); save the model again")
    return found


def mel_of(examples: Examples, row: int, audio: AudioConfig) -> npt.NDArray[np.float32]:
    """Return the log-mel frames of one recording; raises DataError with its place."""
    if row in examples.errors:
        raise BadRow(f"{examples.place(row)}: {examples.errors[row]}")
    if isinstance(examples.inputs, Recordings):
        return _readable(examples, examples.inputs.mels(audio)).of(row)
    clip: Clip = examples.inputs[row]
    return log_mel(clip.sound(audio.sample_rate), audio)


def _readable(examples: Examples, table: MelTable) -> MelTable:
    """Return the frames of examples of which every row could be read; raise DataError at the first that could not."""
    for row, why in (examples.errors | table.errors).items():
        raise BadRow(f"{examples.place(row)}: {why}")
    return table


def transcripts(examples: Examples) -> list[str]:
    """Return the transcripts; raise DataError where there are none or a recording cannot be read."""
    for row, why in examples.errors.items():
        raise BadRow(f"{examples.place(row)}: {why}")
    if examples.labels is None:
        raise NoLabels(f"{examples.name}: there are no transcripts; training needs one for each recording")
    return [str(text) for text in examples.labels]


def choose_subsampling(frames: npt.NDArray[np.int64], steps: npt.NDArray[np.int64], share: float = 0.99) -> int:
    """Return 8 where it leaves `share` of the utterances twice the steps that CTC needs, 4 where half more, else 2.

    >>> [choose_subsampling(np.array([600, 40]), np.array([28, needed])) for needed in (2, 5, 8)]
    [8, 4, 2]
    """
    roomy = (factor for factor, room in ((8, 2.0), (4, 1.5)) if np.mean(frames / factor >= room * steps) >= share)
    return next(roomy, 2)


def subsampled(length: _Lengths, factor: int) -> _Lengths:
    """Return the encoder's steps for a number of frames, or for many.

    >>> subsampled(5, 2), subsampled(5, 4)
    (3, 2)
    """
    return -(-length // factor)
