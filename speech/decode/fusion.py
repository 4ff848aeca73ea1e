"""A language model beside CTC (shallow fusion): what each unit adds to the score of a prefix.

Gülçehre et al., "On using monolingual corpora in neural machine translation" (2015). The model becomes an automaton
over the recogniser's units, whose states and arcs a search works out when it first comes to them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import SettingsConflict
from ..data import Vocabulary
from ..data.vocabulary import FIRST
from ..language import BEGIN, END, SPACE, UNKNOWN, LanguageModel, Trie, tokens
from ..language.model import Floats
from ..language.trie import Ints
from .spelled import Spelled

_NOTHING, _LETTER, _SPACE = range(3)
"""What a text of pieces ends with: nothing yet, a letter, the space after a word."""

_LN10 = float(np.log(10))
_BYTES = 64_000_000
"""What the states that a search came to may take before it forgets those that it has left."""

# Shapes: N states, V units.


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What counts beside CTC: `alpha` · ln P of the language model, `beta` a word (of a model of characters, a
    character), `unknown` a word that the language model does not have.
    """

    alpha: float = 0.5
    beta: float = 0.0
    unknown: float = -5.0


class Fusion(ABC):
    """What a unit adds in each state, and the state after it; a state's key is what the language model knows it by.

    Any number of searches, in any number of threads, may share it: the `States` that they come to are theirs.
    """

    def __init__(self, width: int, start: int) -> None:
        self.width, self.start = width, start

    @abstractmethod
    def rows(self, keys: Ints) -> tuple[Floats, Ints]:
        """Return what each unit adds in states, (N, V), and the keys of the states after them."""

    @abstractmethod
    def ends(self, keys: Ints) -> Floats:
        """Return what ending adds."""


class States:
    """The states that one search came to: `gains[state, unit]` is what a unit adds, `follow` gives the state after it.

    They are numbered as they are found; 0 is that before anything is said. The last column of `gains` belongs to no
    unit, and is 0.
    """

    def __init__(self, fusion: Fusion) -> None:
        self.fusion = fusion
        self.gains = np.zeros((0, fusion.width + 1))
        self._reach = np.zeros((0, fusion.width), np.int64)
        self._keys: list[int] = []
        self._states: dict[int, int] = {}
        self._numbers([fusion.start])

    @property
    def full(self) -> bool:
        """Whether so many states were found that it is time to `renew` them."""
        return len(self._keys) * self._reach.strides[0] > _BYTES

    def renew(self, states: Ints) -> Ints:
        """Forget all states but these, and return their new numbers."""
        keys = [self._keys[state] for state in states.tolist()]
        self._keys, self._states = [], {}
        return self._numbers(keys)

    def follow(self, states: Ints, units: Ints) -> Ints:
        """Return the state after each state and unit."""
        return self._numbers(self._reach[states, units].tolist())

    def end(self, states: Ints) -> Floats:
        """Return what ending in each state adds."""
        return self.fusion.ends(np.array([self._keys[state] for state in states.tolist()], dtype=np.int64))

    def _numbers(self, keys: list[int]) -> Ints:
        """Return the states of keys, new ones worked out."""
        new = [key for key in dict.fromkeys(keys) if key not in self._states]
        if new:
            self._learn(new, *self.fusion.rows(np.array(new, dtype=np.int64)))
        return np.array([self._states[key] for key in keys], dtype=np.int64)

    def _learn(self, keys: list[int], gains: Floats, reach: Ints) -> None:
        """Keep the rows of new states; there is twice as much room as before where it does not suffice."""
        first, size = len(self._keys), len(self._keys) + len(keys)
        if size > len(self.gains):
            more = max(64, size, 2 * len(self.gains)) - len(self.gains)
            self.gains = np.concatenate((self.gains, np.zeros((more, self.gains.shape[1]))))
            self._reach = np.concatenate((self._reach, np.zeros((more, self._reach.shape[1]), np.int64)))
        self._states.update(zip(keys, range(first, size), strict=True))
        self._keys += keys
        self.gains[first:size, :-1], self._reach[first:size] = gains, reach


class UnitFusion(Fusion):
    """A language model over the recogniser's own units, words or characters; a state is one of the language model."""

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary, weights: Weights) -> None:
        self.model, self._scale, width = model, weights.alpha * _LN10, len(vocabulary)
        words_V = model.encode([SPACE if unit == " " else unit for unit in vocabulary.units])
        unknown = model.numbers[UNKNOWN]
        self._strange = FIRST + np.flatnonzero(words_V == unknown)
        self._unit_W = np.full(len(model.words), -1, dtype=np.int64)
        self._unit_W[words_V] = np.arange(FIRST, width)
        self._unit_W[unknown] = -1
        self._unknown = unknown
        self._added_V = np.full(width, weights.beta)
        self._added_V[self._strange] += weights.unknown
        self._first = (
            np.append(np.zeros(FIRST), self._scale * model.log_prob[words_V + 1] + self._added_V[FIRST:]),
            np.append(np.zeros(FIRST, np.int64), self._state(words_V + 1)),
        )
        self._shorter: dict[int, tuple[Floats, Ints]] = {}
        self._most = _BYTES // (16 * width)
        super().__init__(width, model.start)

    def _state(self, nodes: Ints) -> Ints:
        return np.where(nodes >= self.model.levels[-1], self.model.suffix[nodes], nodes)

    def rows(self, keys: Ints) -> tuple[Floats, Ints]:
        rows = [self._row(key) for key in keys.tolist()]
        return np.stack([gains for gains, _ in rows]), np.stack([reach for _, reach in rows])

    def _row(self, node: int) -> tuple[Floats, Ints]:
        """Return the row of a state: that of its suffix, backed off to, and over it the words that follow it."""
        if not node:
            return self._first
        shorter = self._known(int(self.model.suffix[node]))
        gains, reach = shorter[0].copy(), shorter[1].copy()
        gains[FIRST:] += self._scale * float(self.model.backoff[node])
        keys, width = self.model.trie.keys, self.model.trie.width
        start, end = keys.searchsorted((node * width, (node + 1) * width))
        words, nodes = keys[start:end] - node * width, np.arange(start + 1, end + 1)
        units = self._unit_W[words]
        known = units >= 0
        units, chosen = units[known], nodes[known]
        gains[units] = self._scale * self.model.log_prob[chosen] + self._added_V[units]
        reach[units] = self._state(chosen)
        for place in np.flatnonzero(words == self._unknown)[:1]:
            gains[self._strange] = self._scale * self.model.log_prob[nodes[place]] + self._added_V[self._strange]
            reach[self._strange] = self._state(nodes[place : place + 1])
        reach[:FIRST] = node  # what has no words changes nothing
        return gains, reach

    def _known(self, node: int) -> tuple[Floats, Ints]:
        """Return the row of a shorter state, of which many others are made: once known it stays, while there is room.

        Where several threads work it out at once, all find the same.
        """
        row = self._shorter.get(node)
        if row is None:
            row = self._row(node)
            if len(self._shorter) < self._most:
                self._shorter[node] = row
        return row

    def ends(self, keys: Ints) -> Floats:
        return self._scale * self.model.advance(keys, np.full(len(keys), self.model.numbers[END]))[0]


class WordFusion(Fusion):
    """A language model of words over a recogniser's characters or pieces of words.

    A state is one of the language model and a node in the tree of its words, or a spelling that no word begins with.
    Within a word a prefix pays for the most probable word that may still come of it, by itself (Ortmanns et al.,
    "Language-model look-ahead", 1996); at the space it pays for the word that came, after those before it.
    """

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary, weights: Weights) -> None:
        self.model, self.weights = model, weights
        alphabet = {letter: number for number, letter in enumerate(sorted(set().union(*vocabulary.letters)))}
        spelled = {
            number: [alphabet[letter] for letter in word]
            for word, number in model.numbers.items()
            if word not in (BEGIN, END, UNKNOWN) and alphabet.keys() >= set(word)
        }
        if not spelled:
            example = next((word for word in model.words if word not in (BEGIN, END, UNKNOWN)), "")
            raise SettingsConflict(
                f"decoding.lm: no word of it is made of the characters that the recogniser says (such as '{example}'); "
                "write its texts as the transcripts are"
            )
        self._lexicon, ends = Trie.of(list(spelled.values()), len(alphabet))
        self._strange = len(self._lexicon)
        self._word_X = np.full(self._strange + 1, model.numbers[UNKNOWN], dtype=np.int64)
        self._word_X[ends] = list(spelled)
        self._ahead_X = self._look_ahead(np.array(list(spelled)), ends)
        self._opens_V = np.append(np.zeros(FIRST, np.bool_), vocabulary.opens)
        letters = [[alphabet[letter] for letter in spells] for spells in vocabulary.letters]
        _, fresh_U = Spelled(letters, len(alphabet)).walk(np.zeros(1, np.int64), self._children)
        self._fresh_V = np.append(np.zeros(FIRST, np.int64), fresh_U[0])
        inner = [[] if opens else spells for spells, opens in zip(letters, vocabulary.opens, strict=True)]
        self._inner = Spelled([[], [], [], *inner], len(alphabet))
        super().__init__(len(vocabulary), model.start * (self._strange + 1))

    def _look_ahead(self, words: Ints, ends: Ints) -> Floats:
        """Return what a prefix pays within a word, at each node of the lexicon."""
        ahead = np.full(self._strange + 1, -np.inf)
        np.maximum.at(ahead, ends, self.model.log_prob[words + 1].astype(np.float64))
        for node in range(self._strange - 1, 0, -1):  # children stand after their parents
            parent = int(self._lexicon.keys[node - 1]) // self._lexicon.width
            ahead[parent] = max(ahead[parent], ahead[node])
        unknown = self.model.numbers[UNKNOWN]
        ahead[-1] = self.model.log_prob[unknown + 1]
        ahead *= self.weights.alpha * _LN10
        ahead[-1] += self.weights.unknown
        ahead[0] = 0
        return ahead

    def _children(self, nodes: Ints, letters: Ints) -> tuple[Floats, Ints]:
        """Return the node of the lexicon after each node and letter, and that this adds nothing by itself."""
        found = self._lexicon.find(nodes, letters)
        return np.zeros(len(nodes)), np.where((found < 0) | (nodes == self._strange), self._strange, found)

    def _close(self, keys: Ints) -> tuple[Floats, Ints]:
        """Return what the end of the word adds, and the language model's state then; no word, nothing."""
        states, nodes = np.divmod(keys, self._strange + 1)
        words = self._word_X[nodes]
        scores, after = self.model.advance(states, words)
        unknown = (words == self.model.numbers[UNKNOWN]) * self.weights.unknown
        added = self.weights.alpha * _LN10 * scores + unknown + self.weights.beta - self._ahead_X[nodes]
        return np.where(nodes == 0, 0.0, added), np.where(nodes == 0, states, after)

    def rows(self, keys: Ints) -> tuple[Floats, Ints]:
        states, nodes = np.divmod(keys, self._strange + 1)
        _, after_NV = self._inner.walk(nodes, self._children)
        gains = self._ahead_X[after_NV] - self._ahead_X[nodes][:, None]
        reach = states[:, None] * (self._strange + 1) + after_NV
        added, closed = self._close(keys)
        gains[:, self._opens_V] = added[:, None] + self._ahead_X[self._fresh_V[self._opens_V]]
        reach[:, self._opens_V] = closed[:, None] * (self._strange + 1) + self._fresh_V[self._opens_V]
        return gains, reach

    def ends(self, keys: Ints) -> Floats:
        added, states = self._close(keys)
        scores, _ = self.model.advance(states, np.full(len(keys), self.model.numbers[END]))
        return added + self.weights.alpha * _LN10 * scores


class PieceFusion(Fusion):
    """A language model of characters over a recogniser's pieces of words.

    A state is one of the language model, and what there was before: nothing, a letter, or the space after a word. That
    space is paid for with the next letter: none stands at the ends of a text, nor two in a row.
    """

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary, weights: Weights) -> None:
        self.model, self._scale, self._weights = model, weights.alpha * _LN10, weights
        self._opens_V = np.append(np.zeros(FIRST, np.bool_), vocabulary.opens)
        spelled = [model.encode([*letters]) for letters in ("", "", "", *vocabulary.letters)]
        self._says_V = np.array([len(numbers) > 0 for numbers in spelled])
        unknown = np.array([int((numbers == model.numbers[UNKNOWN]).sum()) for numbers in spelled])
        self._added_V = weights.beta * np.array([len(numbers) for numbers in spelled]) + weights.unknown * unknown
        self._spelled = Spelled([numbers.tolist() for numbers in spelled], len(model.words))
        super().__init__(len(vocabulary), model.start * 3 + _NOTHING)

    def rows(self, keys: Ints) -> tuple[Floats, Ints]:
        states, before = np.divmod(keys, 3)
        space, spaced = self.model.advance(states, np.full(len(states), self.model.numbers[SPACE]))
        both = self._spelled.walk(states, self.model.advance), self._spelled.walk(spaced, self.model.advance)
        apart = (before == _SPACE)[:, None] | ((before == _LETTER)[:, None] & self._opens_V)
        paid = self._scale * (both[1][0] + space[:, None]) + self._weights.beta
        gains = np.where(apart, paid, self._scale * both[0][0]) + self._added_V
        reach = np.where(apart, both[1][1], both[0][1]) * 3 + _LETTER
        ends = (before == _LETTER)[:, None] & self._opens_V & ~self._says_V
        silent = np.where(ends, states[:, None] * 3 + _SPACE, keys[:, None])
        return np.where(self._says_V, gains, 0.0), np.where(self._says_V, reach, silent)

    def ends(self, keys: Ints) -> Floats:
        return self._scale * self.model.advance(keys // 3, np.full(len(keys), self.model.numbers[END]))[0]


def fusion_of(model: LanguageModel, vocabulary: Vocabulary, weights: Weights) -> Fusion:
    """Return the automaton of a language model for these units."""
    if vocabulary.words and model.units == "characters":
        raise SettingsConflict(
            "decoding.lm: a model of characters, and this recogniser says words; estimate one of words"
        )
    if vocabulary.tokenizer is not None and model.units == "characters":
        return PieceFusion(model, vocabulary, weights)
    if vocabulary.words or model.units == "characters" or not vocabulary.spaced:
        return UnitFusion(model, vocabulary, weights)
    return WordFusion(model, vocabulary, weights)


def language_scores(model: LanguageModel, vocabulary: Vocabulary, targets: Sequence[Sequence[int]]) -> Floats:
    """Return (N, 3) of targets: ln P by the language model with the end, its words, and how many it does not have."""
    characters = model.units == "characters" or not vocabulary.spaced
    sentences = [tokens(vocabulary.decode(ids), "characters" if characters else "words") for ids in targets]
    unknown = [sum(word not in model.numbers for word in sentence) for sentence in sentences]
    scores = [_LN10 * score.sum() for score in model.log_probs(sentences)]
    return np.array([scores, list(map(len, sentences)), unknown], dtype=np.float64).T
