"""A language model with backing off: the probability of a word after the words before it."""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ...core.errors import NoRows
from .trie import Ints, Trie

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
SPACE = "<space>"
"""The token of a space, in a model of characters."""

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """The n-grams of an ARPA file (Katz, 1987) as a tree of words, each with two logarithms to base 10.

    A node of `trie` is an n-gram: `log_prob` is that of its last word after the others, `backoff` the weight of shorter
    contexts after it, `suffix` the longest other n-gram that it ends with. Node w + 1 is the word `words[w]` alone.
    `levels[n − 1]` is the first node of the n-grams of n words. `notes` say what a person should know of its making.
    """

    order: int
    words: tuple[str, ...]
    trie: Trie
    log_prob: npt.NDArray[np.float32]
    backoff: npt.NDArray[np.float32]
    suffix: Ints
    levels: tuple[int, ...]
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    @functools.cached_property
    def units(self) -> str:
        """`characters` where there is a token of the space, else `words`."""
        return "characters" if SPACE in self.numbers else "words"

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of n-grams of each order."""
        edges = (*self.levels, len(self.trie))
        return tuple(end - start for start, end in itertools.pairwise(edges))

    @property
    def start(self) -> int:
        """The state at the beginning of a sentence."""
        return self.numbers[BEGIN] + 1 if self.order > 1 else 0

    def encode(self, sentence: Sequence[str]) -> Ints:
        """Return the numbers of words; a word that is not in the model is `<unk>`."""
        unknown = self.numbers[UNKNOWN]
        return np.array([self.numbers.get(word, unknown) for word in sentence], dtype=np.int64)

    def advance(self, states: Ints, words: Ints) -> tuple[Floats, Ints]:
        """Return log10 P(word | state) of each pair, and the states after the words.

        A state is the node of the longest n-gram of the words said that the model has, of fewer words than its order.
        """
        node, found = states.copy(), words + 1
        score = np.zeros(len(states))
        left = np.flatnonzero(node)
        while len(left):
            child = self.trie.find(node[left], words[left])
            hit = child >= 0
            found[left[hit]] = child[hit]
            left = left[~hit]
            score[left] += self.backoff[node[left]]
            node[left] = self.suffix[node[left]]
            left = left[node[left] > 0]
        score += self.log_prob[found]
        return score, np.where(found >= self.levels[-1], self.suffix[found], found)

    def log_probs(self, sentences: Sequence[Sequence[str]]) -> list[Floats]:
        """Return log10 P of each word of each sentence and, last, of its end."""
        ids = [np.append(self.encode(sentence), self.numbers[END]) for sentence in sentences]
        states = np.full(len(ids), self.start, dtype=np.int64)
        scores = [np.zeros(len(row)) for row in ids]
        for place in range(max(map(len, ids), default=0)):
            rows = [row for row, sentence in enumerate(ids) if place < len(sentence)]
            found, states[rows] = self.advance(states[rows], np.array([ids[row][place] for row in rows]))
            for row, score in zip(rows, found.tolist(), strict=True):
                scores[row][place] = score
        return scores


class Perplexity(NamedTuple):
    """How well a model foretells a text: 10 to minus the mean log10 P of its words and sentence ends.

    `known` leaves out the words that the model does not have, of which there are `unknown` among `words`.
    """

    value: float
    known: float
    sentences: int
    words: int
    unknown: int


def perplexity(model: LanguageModel, texts: Iterable[str]) -> Perplexity:
    """Measure a model on texts, one sentence each; raises DataError where there are none."""
    sentences = [tokens(text, model.units) for text in texts]
    if not sentences:
        raise NoRows("perplexity: there are no sentences; give at least one")
    scores = np.concatenate(model.log_probs(sentences))
    ids = np.concatenate([np.append(model.encode(sentence), model.numbers[END]) for sentence in sentences])
    known = ids != model.numbers[UNKNOWN]
    return Perplexity(
        value=float(10 ** -scores.mean()),
        known=float(10 ** -scores[known].mean()),
        sentences=len(sentences),
        words=len(ids) - len(sentences),
        unknown=int(np.count_nonzero(~known)),
    )


def tokens(text: str, units: str) -> list[str]:
    """Return the words of a text in Unicode's composed form, or its characters, with spaces as `<space>`.

    >>> tokens("so  it is", "words"), tokens("a bé", "characters")
    (['so', 'it', 'is'], ['a', '<space>', 'b', 'é'])
    """
    words = unicodedata.normalize("NFC", text).split()
    return words if units == "words" else [SPACE if letter == " " else letter for letter in " ".join(words)]
