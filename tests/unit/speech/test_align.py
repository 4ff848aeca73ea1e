"""Alignments against a search through all paths, and words with their times."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fourfold.core.errors import DataError
from fourfold.speech.data import Vocabulary, steps_needed
from fourfold.speech.decode import Alternative, Transcript, Word, align, collapse, joined, words_of


def log_probs(seed: int, steps: int, width: int) -> npt.NDArray[np.float64]:
    logits = 2 * np.random.default_rng(seed).standard_normal((steps, width))
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), steps=st.integers(1, 6), target=st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_an_alignment_is_the_best_of_all_paths(seed: int, steps: int, target: list[int]) -> None:
    assume(steps_needed(np.array(target)) <= steps)
    scores = log_probs(seed, steps, 4)
    paths = {
        path: sum(float(scores[step, number]) for step, number in enumerate(path))
        for path in itertools.product(range(4), repeat=steps)
        if collapse(list(path)) == target
    }
    best = max(paths, key=lambda path: paths[path])
    found = align(scores, np.array(target))
    path = [0] * steps
    for number, start, end in zip(target, found.start.tolist(), found.end.tolist(), strict=True):
        path[start:end] = [number] * (end - start)
    assert tuple(path) == best
    blanks = sum(float(scores[step, 0]) for step, number in enumerate(path) if number == 0)
    assert found.score.sum() + blanks == pytest.approx(paths[best], abs=1e-5)


def test_too_long_a_transcript_is_told() -> None:
    with pytest.raises(DataError) as caught:
        align(log_probs(0, 3, 5), np.array([3, 3, 4]))
    assert str(caught.value) == "the transcript needs 4 steps, and the recording has 3; check the pairing"
    assert align(log_probs(0, 3, 5), np.zeros(0, np.int64)).start.tolist() == []


def sure(path: list[int], width: int, chance: float = 0.9) -> npt.NDArray[np.float64]:
    scores = np.full((len(path), width), (1 - chance) / (width - 1))
    scores[np.arange(len(path)), path] = chance
    return np.asarray(np.log(scores))


def test_words_of_characters_lie_where_their_letters_do() -> None:
    vocabulary = Vocabulary((" ", "a", "b"))
    found = words_of(sure([0, 4, 4, 5, 0, 3, 3, 0, 5, 0], 6), vocabulary.encode("ab b"), vocabulary, 0.04)
    assert [(word.word, word.start, word.end) for word in found] == [("ab", 0.04, 0.16), ("b", 0.32, 0.36)]
    assert [word.confidence for word in found] == pytest.approx([0.9, 0.9])
    assert words_of(sure([0, 3, 0], 6), vocabulary.encode(" "), vocabulary, 0.04) == ()


def test_words_as_units_have_times_of_their_own() -> None:
    vocabulary = Vocabulary(("no", "yes"), words=True)
    path = [0, 4, 0, 4, 3, 3]
    found = words_of(sure(path, 5), vocabulary.encode("yes yes no"), vocabulary, 0.02)
    assert [(word.word, word.start, word.end) for word in found] == [
        ("yes", 0.02, 0.04), ("yes", 0.06, 0.08), ("no", 0.08, 0.12),
    ]  # fmt: skip


def test_pieces_are_joined_with_their_times_and_alternatives() -> None:
    def piece(*texts: tuple[str, float]) -> Transcript:
        alternatives = tuple(Alternative(text, chance, math.log(chance)) for text, chance in texts)
        return Transcript(*texts[0], alternatives, (Word(texts[0][0], 0.5, 1.0, 0.8),))

    whole = joined([piece(("so", 0.6), ("sow", 0.3)), piece(("it", 0.5), ("", 0.4))], [0.0, 20.0])
    assert (whole, whole.confidence) == ("so it", pytest.approx(0.3))
    assert whole.words == (Word("so", 0.5, 1.0, 0.8), Word("it", 20.5, 21.0, 0.8))
    assert [(one.text, round(one.confidence, 9)) for one in whole.alternatives] == [("so it", 0.3), ("so", 0.24)]
    assert (joined([], []), joined([], []).confidence) == ("", 1.0)
