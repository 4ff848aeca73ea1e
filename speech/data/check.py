"""What is in transcribed recordings, and what would spoil training or its measurement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples, Rows
from ...core.errors import BadRow, DataError, NothingUsable, Overlap, UnknownName
from .features import SpeechFeaturesConfig, subsampled
from .mels import MelTable
from .recordings import Recordings, as_recordings
from .vocabulary import Vocabulary, steps_needed

_FEW, _MOST = 5, 100
_SILENT = 0.003
"""A recording whose loudest sample is below this, 50 dB under full scale, holds no speech."""
_CLIPPED = 0.01
"""Of a recording with this share of its samples at full scale, the loud is lost."""


def examine(
    examples: Examples, test: Examples | None, found: dict[str, Any], config: SpeechFeaturesConfig
) -> dict[str, Any]:
    """Add to `found`, the summary that all domains share, what concerns speech; `warnings` and `fatal` come last."""
    warnings, fatal = list(found.pop("warnings")), list(found.pop("fatal"))
    kept = _Rows(_good(examples), config)
    found |= _describe(kept)
    warnings += kept.rates() + kept.silent() + kept.clipped() + kept.repeats()
    if kept.examples.labels is not None and len(kept.table):
        found |= {"characters": _characters(kept.texts)}
        kept.transcribed(found, warnings, fatal)
    if test is not None:
        _compare(kept, _Rows(_good(test), config), (found["test"], warnings, fatal))
    return found | {"warnings": warnings, "fatal": fatal}


def speakers(examples: Examples) -> npt.NDArray[np.int64]:
    """Return a number for each row, the same for those of one speaker; ConfigError where fewer than two are named."""
    names = [clip.speaker for clip in examples.inputs]
    known = set(names) - {None}
    if len(known) < 2:
        there = (
            f"one speaker only ({known.pop()}); set it to none"
            if known
            else ("no speakers; give it a column 'speaker', or set it to none")
        )
        raise UnknownName(f"features.group (speaker): {examples.name} names {there}")
    keys = [name or f"\0{row}" for row, name in enumerate(names)]  # whoever is not named is somebody else
    return np.asarray(np.unique(keys, return_inverse=True)[1], np.int64)


def _good(examples: Examples) -> Examples:
    return examples.take(np.array([row for row in range(len(examples)) if row not in examples.errors], np.int64))


class _Rows:
    """Rows that could be read, with what was found when they were."""

    def __init__(self, examples: Examples, config: SpeechFeaturesConfig) -> None:
        self.examples, self.config = examples, config
        self.recordings: Recordings = as_recordings(examples.inputs)
        self.audio = self.recordings.resolved(config.audio)
        self.table: MelTable = self.recordings.mels(self.audio)
        self.about = self.table.about
        self.texts = [] if examples.labels is None else [str(text) for text in examples.labels]

    def rates(self) -> list[str]:
        """Warn of recordings below the model's sample rate: resampling makes nothing of nothing."""
        ours = self.audio.sample_rate
        low = np.flatnonzero([clip.rate < ours for clip in self.recordings])
        lowest = min((clip.rate for clip in self.recordings), default=0)
        what = f"recorded at less than the model's {ours:,} Hz"
        fix = f"there is nothing above {lowest // 2:,} Hz in some: set features.audio.sample_rate"
        return self._warn(low, f"are {what}", f"is {what}", fix)

    def silent(self) -> list[str]:
        """Warn of recordings in which there is next to nothing."""
        rows = np.flatnonzero(self.about["peak"] < _SILENT)
        return self._warn(rows, "are nearly silent", "is nearly silent", "leave out what says nothing")

    def clipped(self) -> list[str]:
        """Warn of recordings that are cut off at full scale."""
        rows = np.flatnonzero(self.about["clipped"] >= _CLIPPED)
        what = f"clipped, {_CLIPPED:.0%} of the samples or more at full scale"
        return self._warn(rows, f"are {what}", f"is {what}", "record less loud")

    def repeats(self) -> list[str]:
        """Warn of the same sound in several rows, and of several transcripts of one."""
        prints, texts = self.about["print"].tolist(), self.texts or [""] * len(self.table)
        said: dict[int, set[str]] = {}
        again = []
        for row, (key, text) in enumerate(zip(prints, texts, strict=True)):
            again += [row] if key in said else []
            said.setdefault(key, set()).update({text} - {""})
        several = np.flatnonzero([len(said[key]) > 1 for key in prints])
        repeat, conflict = "the same as an earlier one", "the same as one with another transcript"
        return [
            *self._warn(np.array(again, np.int64), f"sound {repeat}", f"sounds {repeat}", "leave out what repeats"),
            *self._warn(several, f"sound {conflict}", f"sounds {conflict}", "settle which is right"),
        ]

    def transcribed(self, found: dict[str, Any], warnings: list[str], fatal: list[DataError]) -> None:
        """Add transcripts that are empty, or too long for the frames of their recordings."""
        name, column = self.examples.name, self.examples.columns.get("label")
        empty = np.flatnonzero([not text for text in self.texts])
        vocabulary = self.config.vocabulary(self.texts)
        needed = np.array([steps_needed(vocabulary.encode(text)) for text in self.texts], np.int64)
        warnings += self._fewer(vocabulary)
        long = {factor: np.flatnonzero(needed > subsampled(self.table.lengths, factor)) for factor in (2, 4)}
        found |= {
            "empty transcripts": len(empty),
            "too long for CTC": {f"subsampling {factor}": len(rows) for factor, rows in long.items()},
        }
        if len(empty) > self.config.unreadable * len(self.texts):
            where = f"column '{column}'" if column else "its transcript"
            place = self.examples.place(int(empty[0]))
            fatal.append(BadRow(f"{place}: {where} is empty; fill it or remove the row"))
        else:
            warnings += self._warn(
                empty, "have an empty transcript", "has an empty transcript", "nothing is learned of them"
            )
        rows = long[2 if self.config.subsampling != 4 else 4]
        rows = rows[~np.isin(rows, empty)]
        if len(rows) and len(rows) + len(empty) == len(self.texts):
            fatal.append(NothingUsable(f"{name}: every transcript is longer than its recording; check the pairing"))
        else:
            what = "too short for CTC to align with"
            several, one = f"are {what} their transcripts", f"is {what} its transcript"
            warnings += self._warn(rows, several, one, "nothing is learned of them")

    def _fewer(self, vocabulary: Vocabulary) -> list[str]:
        """Warn where the transcripts give fewer pieces than were asked for."""
        there, wanted = len(vocabulary.units), self.config.vocab_size
        if vocabulary.tokenizer is None or there == wanted:
            return []
        what = f"features.vocab_size ({wanted:,}): the transcripts give {there:,} pieces"
        return [f"{self.examples.name}: {what}; so many are used"]

    def _warn(self, rows: Rows, several: str, one: str, fix: str) -> list[str]:
        """Return "t.csv: 2 of 9 recordings `several` (t.csv:3, t.csv:5); `fix`", or nothing where there are no rows."""
        if not len(rows):
            return []
        name, total = self.examples.name, len(self.examples)
        what = f"{name}: {len(rows):,} of {total:,} recordings {several if len(rows) > 1 else one}"
        return [f"{what} ({named(self.examples.place, rows)}); {fix}"]


def named(place: Callable[[int], str], rows: Rows) -> str:
    """Return the places of a few rows.

    >>> named(str, np.arange(7))
    '0, 1, 2, 3, 4, …'
    """
    return ", ".join(place(int(row)) for row in rows[:_FEW]) + (", …" if len(rows) > _FEW else "")


def _describe(rows: _Rows) -> dict[str, Any]:
    seconds = np.sort(rows.about["seconds"].astype(np.float64))
    if not len(seconds):
        return {"hours": 0.0}
    whose = Counter(clip.speaker for clip in rows.recordings if clip.speaker)
    lengths = {"least": seconds[0], "median": seconds[len(seconds) // 2], "most": seconds[-1]}
    rates = Counter(clip.rate for clip in rows.recordings)
    return {
        "hours": round(float(seconds.sum()) / 3600, 3),
        "speakers": len(whose),
        "seconds": {name: round(float(value), 2) for name, value in lengths.items()},
        "sample rates": {f"{rate} Hz": count for rate, count in rates.most_common()},
        "nearly silent": int((rows.about["peak"] < _SILENT).sum()),
        "clipped": int((rows.about["clipped"] >= _CLIPPED).sum()),
    }


def _characters(texts: list[str]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    return dict(counts.most_common(_MOST))


def _compare(train: _Rows, test: _Rows, into: tuple[dict[str, Any], list[str], list[DataError]]) -> None:
    """Add what test recordings share with those for training: sounds, speakers; and characters these don't have."""
    found, warnings, fatal = into
    ours, theirs = train.about["print"], test.about["print"]
    shared = np.isin(theirs, ours)
    voices = {clip.speaker for clip in train.recordings if clip.speaker}
    heard = np.array([clip.speaker in voices for clip in test.recordings], np.bool_)
    found |= {"recordings in both": int(shared.sum()), "recordings by speakers of both": int(heard.sum())}
    name, rows = test.examples.name, len(test.examples)
    if rows and shared.all() and np.isin(ours, theirs).all():
        what = f"{name}: holds the same recordings as {train.examples.name}; give rows that are not trained on"
        fatal.append(Overlap(what))
    elif shared.any():
        where = named(test.examples.place, np.flatnonzero(shared))
        what = f"{name}: {int(shared.sum()):,} of {rows:,} recordings are in {train.examples.name} too"
        warnings.append(f"{what} ({where}); what is measured on them is too good")
    if heard.any():
        whose = sorted({str(clip.speaker) for clip in test.recordings if clip.speaker in voices})
        what = f"{name}: {int(heard.sum()):,} of {rows:,} recordings are by speakers of {train.examples.name}"
        few = ", ".join(whose[:_FEW]) + (", …" if len(whose) > _FEW else "")
        warnings.append(f"{what} ({few}); voices that nobody has heard fare worse")
    new = sorted(set().union(*map(set, test.texts)) - set().union(*map(set, train.texts)))
    if new and train.texts:
        shown = ", ".join(map(repr, new[:_FEW])) + (", …" if len(new) > _FEW else "")
        warnings.append(f"{name}: characters that {train.examples.name} does not have ({shown}); nobody learns them")
