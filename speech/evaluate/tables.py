"""The errors by kind, by speaker, by length and by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ...core.metrics import Edits, Pair, Ratio, alignment, edits, error_rate, interval, value_of
from ...core.report import Table
from ..data import Clip
from .normalise import ABOUT, EvaluationConfig, characters_of, is_unspaced, normalised

_WORDS, _SPEAKERS, _PARTS = 15, 200, 4
_FEW = 5
"""Of fewer speakers, resampling them says nothing."""

Counts: TypeAlias = Sequence[Edits]


@dataclass(frozen=True)
class Comparison:
    """Transcripts and what was heard, as they are compared, with their recordings.

    `tokens` are words, or characters where a language has no spaces; `joint` stands between them.
    """

    references: list[str]
    heard: list[str]
    clips: Sequence[Clip]
    how: str

    @classmethod
    def of(cls, references: Sequence[str], heard: Sequence[str], clips: Sequence[Clip], how: str) -> Comparison:
        """Return the comparison of both texts, normalised alike."""
        return cls([normalised(text, how) for text in references], [normalised(str(text), how) for text in heard],
                   clips, how)  # fmt: skip

    @cached_property
    def words(self) -> list[Edits]:
        """The edits between words, of each utterance."""
        return [edits(a.split(), b.split()) for a, b in zip(self.references, self.heard, strict=True)]

    @cached_property
    def characters(self) -> list[Edits]:
        """The edits between characters."""
        pairs = zip(self.references, self.heard, strict=True)
        return [edits(characters_of(a, self.how), characters_of(b, self.how)) for a, b in pairs]

    @cached_property
    def joint(self) -> str:
        """What stands between two tokens."""
        return "" if is_unspaced(self.references) else " "

    def aligned(self, row: int) -> list[Pair]:
        """Return how the tokens of an utterance correspond."""
        return alignment(self._tokens(self.references[row]), self._tokens(self.heard[row]))

    def _tokens(self, text: str) -> list[str]:
        return text.split() if self.joint else list(text.replace(" ", ""))

    def worst(self) -> list[int]:
        """Return the rows with errors, those with the most first: of words, and among equals of characters."""
        wrong = [row for row in range(len(self.words)) if self.words[row].errors or self.characters[row].errors]
        return sorted(wrong, key=lambda row: (-self.words[row].errors, -self.characters[row].errors))

    def tables(self) -> tuple[Table, ...]:
        """Return all tables; those that would say nothing are left out."""
        found = [_kinds(self), _speakers(self), _lengths(self), *_confusions(self)]
        return tuple(table for table in found if table.rows)


def rates(references: Sequence[str], heard: Sequence[str], config: EvaluationConfig) -> dict[str, Ratio]:
    """Return word and character error rates.

    >>> found = rates(["Yes, it is."], ["yes it"], EvaluationConfig(normalise="basic"))
    >>> round(value_of(found["wer"]), 3), value_of(found["cer"])
    (0.333, 0.2857142857142857)
    """
    compared = Comparison.of(references, heard, (), config.normalise)
    return {"wer": error_rate(compared.words), "cer": error_rate(compared.characters)}


def _kinds(of: Comparison) -> Table:
    speakers = [clip.speaker for clip in of.clips]
    clustered = None not in speakers and len(set(speakers)) >= _FEW
    ways = ["utterances", *(["speakers"] if clustered else [])]
    rows: list[tuple[str | float | int, ...]] = []
    for unit, found in (("words", of.words), ("characters", of.characters)):
        for way in ways:
            within = interval(error_rate(found) if way == "utterances" else _by_cluster(found, speakers))
            rate = (within.value, within.low, within.high)
            rows.append((unit, way, *rate, sum(one.length for one in found), *_counts(found)))
    columns = ("unit", "resampled by", "error rate", "95 % from", "to", "in the labels", *_KINDS)
    return Table(title=f"Errors of texts {ABOUT[of.how]}", columns=columns, rows=tuple(rows))


_KINDS = ("hits", "substitutions", "deletions", "insertions")


def _counts(found: Counts) -> tuple[int, ...]:
    return tuple(sum(getattr(one, kind) for one in found) for kind in _KINDS)


def _by_cluster(found: Counts, speakers: Sequence[str | None]) -> Ratio:
    """Return the rate with a row for each speaker: utterances of one are not independent (cluster bootstrap)."""
    number = np.unique(np.array(speakers, dtype=str), return_inverse=True)[1]
    errors = np.bincount(number, [one.errors for one in found]).astype(np.float64)
    length = np.bincount(number, [one.length for one in found]).astype(np.float64)
    return Ratio(errors, length, greater_is_better=False)


def _row(name: str, rows: Sequence[int], of: Comparison) -> tuple[str | float | int, ...]:
    found = [of.words[row] for row in rows]
    letters = value_of(error_rate([of.characters[row] for row in rows]))
    within = interval(error_rate(found))
    seconds = round(sum(of.clips[row].seconds for row in rows), 1)
    words = sum(one.length for one in found)
    return (name, len(rows), seconds, words, within.value, within.low, within.high, letters, *_counts(found)[1:])


_COLUMNS = ("utterances", "seconds", "words", "wer", "95 % from", "to", "cer", *_KINDS[1:])


def _speakers(of: Comparison) -> Table:
    rows: dict[str, list[int]] = {}
    for row, clip in enumerate(of.clips):
        if clip.speaker is not None:
            rows.setdefault(clip.speaker, []).append(row)
    worst = sorted(rows, key=lambda name: -value_of(error_rate([of.words[row] for row in rows[name]])))[:_SPEAKERS]
    more = f", the worst {_SPEAKERS} of {len(rows):,}" if len(rows) > _SPEAKERS else ""
    made = tuple(_row(name, rows[name], of) for name in worst) if len(rows) > 1 else ()
    return Table(title=f"Errors by speaker{more}", columns=("speaker", *_COLUMNS), rows=made)


def _lengths(of: Comparison) -> Table:
    """Return the errors by quarters of the utterances: by seconds where these are known, else by words."""
    seconds = np.array([clip.seconds for clip in of.clips])
    known = bool(len(seconds)) and bool((seconds > 0).all())
    size = seconds if known else np.array([one.length for one in of.words], dtype=np.float64)
    unit, digits = ("s", 2) if known else ("words", 0)
    parts = quarters(size)
    made = [(f"{size[rows].min():.{digits}f} to {size[rows].max():.{digits}f} {unit}", rows.tolist()) for rows in parts]
    rows = tuple(_row(name, part, of) for name, part in made) if len(made) > 1 else ()
    return Table(title="Errors by length of the utterance", columns=("length", *_COLUMNS), rows=rows)


def quarters(size: npt.NDArray[np.float64]) -> list[npt.NDArray[np.int64]]:
    """Return the rows of each quarter, from the smallest on; equal sizes stay together, so there may be fewer.

    >>> [part.tolist() for part in quarters(np.array([4.0, 1.0, 2.0, 3.0, 1.0]))]
    [[1, 4], [2], [3], [0]]
    """
    if not len(size):
        return []
    edges = np.quantile(size, np.arange(1, _PARTS) / _PARTS)
    part = np.searchsorted(edges, size, side="left")
    return [np.flatnonzero(part == number) for number in np.unique(part)]


def _confusions(of: Comparison) -> list[Table]:
    """Return the words that were taken for others, were not heard, and were heard where they were not said."""
    pairs = Counter(pair for row in of.worst() for pair in of.aligned(row) if pair[0] != pair[1])
    said = Counter(word for text in of.references for word in of._tokens(text))
    unit = "Words" if of.joint else "Characters"
    name = unit[:-1].lower()
    taken = [(a, b, n, n / said[a]) for (a, b), n in pairs.most_common() if a is not None and b is not None]
    missed = [(a, n, n / said[a]) for (a, b), n in pairs.most_common() if a is not None and b is None]
    added = [(b, n) for (a, b), n in pairs.most_common() if b is not None and a is None]
    share = "of its occurrences"
    return [
        Table(title=f"{unit} taken for others", columns=(name, "heard as", "times", share), rows=tuple(taken[:_WORDS])),
        Table(title=f"{unit} not heard", columns=(name, "times", share), rows=tuple(missed[:_WORDS])),
        Table(title=f"{unit} heard that were not said", columns=(name, "times"), rows=tuple(added[:_WORDS])),
    ]
