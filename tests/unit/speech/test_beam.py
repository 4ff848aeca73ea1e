"""The beam against a plain one, and against a search through all paths, with and without a language model."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_beam import prefix_beam

from fourfold.core.errors import ConfigError
from fourfold.speech.data import Vocabulary
from fourfold.speech.decode import Beam, Weights, beam_search, collapse, fusion_of, language_scores
from fourfold.speech.language import LanguageConfig, LanguageModel, estimate

TEXTS = ["a ab", "ab a", "b ab a", "ab ab b", "a"]
LETTERS, WORDS = Vocabulary((" ", "a", "b")), Vocabulary(("a", "ab", "c"), words=True)


def log_probs(seed: int, steps: int, width: int, spread: float, blank: float = 0.0) -> npt.NDArray[np.float64]:
    """Random logits of the given spread; `blank` is how much more likely it is, at most steps."""
    random = np.random.default_rng(seed)
    logits = spread * random.standard_normal((steps, width))
    logits[random.random(steps) < 0.7, 0] += blank
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10**6),
    steps=st.integers(1, 60),
    width=st.integers(2, 40),
    spread=st.sampled_from([0.5, 2.0, 5.0, 20.0]),
    blank=st.sampled_from([0.0, 8.0, 12.0]),
    beam=st.integers(1, 16),
)
def test_it_finds_what_a_plain_beam_finds(
    seed: int, steps: int, width: int, spread: float, blank: float, beam: int
) -> None:
    scores = log_probs(seed, steps, width, spread, blank)
    expected = prefix_beam(scores, beam)
    found = beam_search(scores, beam)
    assert [hypothesis.ids for hypothesis in found] == [ids for ids, _ in expected]
    assert [hypothesis.ctc for hypothesis in found] == pytest.approx([score for _, score in expected], rel=1e-9)
    assert [hypothesis.score for hypothesis in found] == [hypothesis.ctc for hypothesis in found]


def all_targets(scores: npt.NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        chance = math.exp(sum(scores[step, number] for step, number in enumerate(path)))
        target = tuple(collapse(list(path)))
        found[target] = found.get(target, 0.0) + chance
    return found


@given(seed=st.integers(0, 1000), steps=st.integers(0, 4))
def test_a_wide_beam_finds_every_target_with_its_probability(seed: int, steps: int) -> None:
    scores = log_probs(seed, steps, 3, 2.0)
    expected = all_targets(scores)
    found = beam_search(scores, 1000, least=0.0)
    assert {tuple(hypothesis.ids) for hypothesis in found} == set(expected)
    for ids, ctc, _ in found:
        assert math.exp(ctc) == pytest.approx(expected[tuple(ids)])
    assert [hypothesis.ctc for hypothesis in found] == sorted((one.ctc for one in found), reverse=True)


def model_of(kind: str) -> LanguageModel:
    return estimate(TEXTS, LanguageConfig(order=3, units="characters" if kind == "characters" else "words"))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1000),
    kind=st.sampled_from(["characters", "words", "spelled words"]),
    steps=st.integers(1, 4),
    alpha=st.sampled_from([0.0, 0.5, 2.0]),
    beta=st.sampled_from([-1.0, 0.0, 1.5]),
)
def test_a_wide_beam_scores_every_target_with_the_language_model(
    seed: int, kind: str, steps: int, alpha: float, beta: float
) -> None:
    vocabulary, model = WORDS if kind == "words" else LETTERS, model_of(kind)
    weights = Weights(alpha=alpha, beta=beta, unknown=-3.0)
    scores = log_probs(seed, steps, len(vocabulary), 1.5)
    fusion = fusion_of(model, vocabulary, weights)
    for _ in range(2):  # the second time with what the first one left in the fusion
        found = beam_search(scores, 10000, fusion, least=0.0)
        expected = all_targets(scores)
        assert {tuple(hypothesis.ids) for hypothesis in found} == set(expected)
        language = language_scores(model, vocabulary, [hypothesis.ids for hypothesis in found])
        for (ids, ctc, score), (ln_p, words, unknown) in zip(found, language.tolist(), strict=True):
            assert math.exp(ctc) == pytest.approx(expected[tuple(ids)])
            # spaces at the ends and double ones are no characters of the text, but steps of the automaton
            if kind == "characters" and vocabulary.decode(ids) != " ".join(vocabulary.decode(ids).split()):
                continue
            if not {1, 2} & set(ids):
                assert score == pytest.approx(ctc + alpha * ln_p + beta * words - 3.0 * unknown, abs=1e-5)
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_language_scores_count_words_and_those_that_are_unknown() -> None:
    model = model_of("spelled words")
    found = language_scores(model, LETTERS, [LETTERS.encode("ab bb a").tolist(), []])
    expected = [math.log(10) * scores.sum() for scores in model.log_probs([["ab", "bb", "a"], []])]
    assert found[:, 0] == pytest.approx(expected) and found[:, 1:].tolist() == [[3, 1], [0, 0]]


@pytest.mark.parametrize("kind", ["characters", "words", "spelled words"])
def test_a_model_says_what_the_sound_leaves_open(kind: str) -> None:
    """Twice the same sound, and only the language model knows that "ab" is said more often than "b"."""
    vocabulary, model = WORDS if kind == "words" else LETTERS, model_of(kind)
    scores = np.full((3, len(vocabulary)), 1e-9)
    if kind == "words":
        first, second = vocabulary.encode("c").tolist(), vocabulary.encode("ab").tolist()
        scores[0, [first[0], second[0]]], scores[1:, 0] = (0.51, 0.49), 1
    else:
        first, second = vocabulary.encode("b").tolist(), vocabulary.encode("ab").tolist()
        scores[0, [0, second[0]]], scores[1, second[1]], scores[2, 0] = (0.51, 0.49), 1, 1
    log = np.log(scores / scores.sum(1, keepdims=True))
    assert beam_search(log, 8)[0].ids == first
    assert beam_search(log, 8, fusion_of(model, vocabulary, Weights(alpha=1.0)))[0].ids == second


def test_forgotten_states_are_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = log_probs(0, 80, len(LETTERS), 2.0)
    for kind in ("characters", "spelled words"):
        expected = beam_search(scores, 8, fusion_of(model_of(kind), LETTERS, Weights()))
        with monkeypatch.context() as patch:
            patch.setattr("fourfold.speech.decode.fusion._BYTES", 200)
            assert beam_search(scores, 8, fusion_of(model_of(kind), LETTERS, Weights())) == expected


@pytest.mark.parametrize("kind", ["characters", "words", "spelled words"])
def test_searches_that_share_a_language_model_do_not_meet(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two beams in turns, as of two streams, and many at once in threads; states are often forgotten."""
    monkeypatch.setattr("fourfold.speech.decode.fusion._BYTES", 200)
    vocabulary = WORDS if kind == "words" else LETTERS
    fusion = fusion_of(model_of(kind), vocabulary, Weights())
    scores = [log_probs(seed, 60, len(vocabulary), 2.0) for seed in range(24)]
    expected = [beam_search(one, 8, fusion_of(model_of(kind), vocabulary, Weights())) for one in scores]
    beams = [Beam(8, fusion), Beam(8, fusion)]
    for start in range(0, 60, 3):
        for beam, one in zip(beams, scores, strict=False):
            beam.feed(one[start : start + 3])
    assert [beam.end() for beam in beams] == expected[:2]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: beam_search(one, 8, fusion), scores)) == expected


def test_a_model_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        fusion_of(model_of("characters"), WORDS, Weights())
    assert str(caught.value) == (
        "decoding.lm: a model of characters, and this recogniser says words; estimate one of words"
    )
    with pytest.raises(ConfigError) as caught:
        fusion_of(estimate(["YES NO"], LanguageConfig()), Vocabulary((" ", "e", "n", "s")), Weights())
    assert str(caught.value) == (
        "decoding.lm: no word of it is made of the characters that the recogniser says (such as 'NO'); "
        "write its texts as the transcripts are"
    )
