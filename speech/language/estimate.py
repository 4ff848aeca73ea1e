"""From text to an n-gram model: modified Kneser-Ney smoothing with interpolation.

Chen and Goodman, "An empirical study of smoothing techniques for language modeling" (1998). A count is that of the
n-gram at the highest order and of n-grams that begin a sentence, below it the number of different words before it; the
discounts of each order follow from its counts of counts; the shortest context is the uniform distribution over all
words, `</s>` and `<unk>`.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ...core.errors import BadRow, BadValue, DamagedFile, NoRows, NoSuchFile, WrongEncoding
from .model import BEGIN, END, SPACE, UNKNOWN, Floats, LanguageModel, tokens
from .trie import Ints, Trie

_FALLBACK = (0.5, 1.0, 1.5)
_NEVER = -99.0
"""ARPA's logarithm of 0."""


@dataclass(frozen=True, kw_only=True)
class LanguageConfig:
    """The longest n-gram has `order` (1 … 5) words or characters."""

    order: int = 3
    units: Literal["words", "characters"] = "words"

    def __post_init__(self) -> None:
        if not 1 <= self.order <= 5:
            raise BadValue(f"order ({self.order}) must be in 1 … 5")
        if self.units not in ("words", "characters"):
            raise BadValue(f"units ('{self.units}') must be words or characters")


class _Grams(NamedTuple):
    """The n-grams of one order: keys of the tree, how often, the suffix of each, whether it begins a sentence."""

    keys: Ints
    counts: Ints
    suffix: Ints
    first: npt.NDArray[np.bool_]


def estimate(texts: Iterable[str], config: LanguageConfig) -> LanguageModel:
    """Estimate a model from texts, one sentence each; raises DataError where there are none or one holds a sign.

    >>> model = estimate(["yes no", "yes yes no"], LanguageConfig(order=2))
    >>> model.counts, bool(model.log_probs([["yes"]])[0][0] > model.log_probs([["no"]])[0][0])
    ((5, 4), True)
    """
    sentences = [tokens(text, config.units) for text in texts]
    sentences = [sentence for sentence in sentences if sentence]
    words, stream, place = _numbered(sentences, [SPACE] if config.units == "characters" else [])
    levels = _count(stream, place, len(words), config.order)
    edges = tuple(np.cumsum([1, *(len(level.keys) for level in levels)]).tolist())
    notes: list[str] = []
    chance, backoff = np.zeros(edges[-1]), np.zeros(edges[-1])
    for order, level in enumerate(levels, 1):
        counts = _adjusted(level, levels[order] if order < len(levels) else None, edges[order - 1])
        if order == 1:
            counts[words.index(BEGIN)] = 0  # it is never foretold
        discounts, found = _discounts(counts)
        if not found:
            notes.append(f"{order}-grams: too few to estimate their discounts; they are 0.5, 1 and 1.5")
        _interpolate(level, counts, discounts, (edges[order - 1], len(words)), chance, backoff)
    with np.errstate(divide="ignore"):
        log_prob = np.maximum(np.log10(chance), _NEVER)
        backoff = np.where(backoff > 0, np.log10(backoff), 0.0)
    log_prob[words.index(BEGIN) + 1] = _NEVER
    log_prob[0] = backoff[0] = 0
    return LanguageModel(
        order=len(levels),
        words=tuple(words),
        trie=Trie(len(words), np.concatenate([level.keys for level in levels])),
        log_prob=log_prob.astype(np.float32),
        backoff=backoff.astype(np.float32),
        suffix=np.concatenate([[0], *(level.suffix for level in levels)]),
        levels=edges[:-1],
        notes=tuple(notes),
    )


def text_lines(paths: Sequence[Path]) -> Iterator[str]:
    """Yield the lines of UTF-8 text files, plain or .gz; raises DataError naming the file and line."""
    for path in paths:
        number = 0
        try:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                for line in file:
                    number += 1
                    yield line.decode("utf-8")
        except UnicodeDecodeError:
            raise WrongEncoding(f"{path}:{number}: not UTF-8; convert the file") from None
        except (FileNotFoundError, IsADirectoryError):
            raise NoSuchFile(f"{path}: no such file; check the path") from None
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DamagedFile(f"{path}: damaged after line {number} ({error}); compress the text again") from None


def _numbered(sentences: Sequence[Sequence[str]], more: list[str]) -> tuple[list[str], Ints, Ints]:
    """Return the vocabulary, `more` words among it, the numbers of all tokens with signs around each sentence, and
    their places in it.
    """
    if not sentences:
        raise NoRows("the text is empty; give one sentence a line")
    ordinary = sorted(set(chain(more, *sentences)))
    for sign in (UNKNOWN, BEGIN, END):
        if sign in ordinary:
            raise BadRow(f"the text holds '{sign}', which the model needs as a sign; remove it")
    words = [UNKNOWN, BEGIN, END, *ordinary]
    numbers = {word: number for number, word in enumerate(words)}
    sizes = np.array([len(sentence) + 2 for sentence in sentences])
    starts = np.cumsum(sizes) - sizes
    stream = np.full(int(sizes.sum()), numbers[END], dtype=np.int64)
    stream[starts] = numbers[BEGIN]
    place = np.arange(len(stream)) - np.repeat(starts, sizes)
    inner = (place > 0) & (place < np.repeat(sizes - 1, sizes))
    stream[inner] = np.fromiter((numbers[word] for sentence in sentences for word in sentence), np.int64)
    return words, stream, place


def _count(stream: Ints, place: Ints, width: int, order: int) -> list[_Grams]:
    """Return the n-grams of each order; those of n words are numbered by their first n − 1 and the last."""
    counts = np.bincount(stream, minlength=width)
    levels = [_Grams(np.arange(width), counts, np.zeros(width, np.int64), np.zeros(width, np.bool_))]
    ending, base = stream + 1, 1 + width  # the node of the n-gram that ends at each token
    for length in range(2, min(order, int(place.max()) + 1) + 1):
        rows = np.flatnonzero(place >= length - 1)
        keys, where, number, many = np.unique(
            ending[rows - 1] * width + stream[rows], return_index=True, return_inverse=True, return_counts=True
        )
        levels.append(_Grams(keys, many, ending[rows[where]], place[rows[where]] == length - 1))
        longer = np.zeros_like(ending)
        longer[rows] = base + number
        ending, base = longer, base + len(keys)
    return levels


def _adjusted(level: _Grams, longer: _Grams | None, base: int) -> Ints:
    """Return what is counted of each n-gram: where there are longer ones, the words that stand before it."""
    if longer is None:
        return level.counts.copy()
    before = np.bincount(longer.suffix - base, minlength=len(level.keys))
    return np.where(level.first, level.counts, before)


def _discounts(counts: Ints) -> tuple[Floats, bool]:
    """Return what is taken from counts of 0, 1, 2 and more, and whether it could be estimated (Chen and Goodman)."""
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == times)) for times in (1, 2, 3, 4))
    if min(n1, n2, n3, n4):
        y = n1 / (n1 + 2 * n2)
        found = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
        if (found[1:] >= 0).all() and found[1:].any():
            return found, True
    return np.array([0.0, *_FALLBACK]), False


def _interpolate(
    level: _Grams, counts: Ints, discounts: Floats, place: tuple[int, int], chance: Floats, backoff: Floats
) -> None:
    """Fill in the probabilities of one order's n-grams, and the weights of what is shorter after their contexts.

    `place` is the first node and the number of words.
    """
    base, width = place
    context = level.keys // width if base > 1 else np.zeros(len(counts), np.int64)
    taken = discounts[np.minimum(counts, 3)]
    size = int(context.max()) + 1
    total, free = np.bincount(context, counts, size), np.bincount(context, taken, size)
    weight = np.divide(free, total, out=np.zeros(size), where=total > 0)
    shorter = chance[level.suffix] if base > 1 else np.full(len(counts), 1 / (width - 1))
    chance[base : base + len(counts)] = (counts - taken) / total[context] + weight[context] * shorter
    backoff[:size] = np.where(total > 0, weight, backoff[:size])
