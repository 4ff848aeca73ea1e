"""Pieces of words as units: there and back, beside language models, with times, and through a whole training."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.speech import SpeechRecognizer
from fourfold.speech.config import tiny
from fourfold.speech.data import (
    SpeechFeatures,
    SpeechFeaturesConfig,
    Vocabulary,
    clean,
    fit_pieces,
    plain,
    read,
    steps_needed,
)
from fourfold.speech.decode import Weights, beam_search, collapse, fusion_of, language_scores, words_of
from fourfold.speech.language import LanguageConfig, estimate, write_arpa

TEXTS = ["ab ab", "ab a", "abba ab", "a ab a", "b"] * 3
CHINESE = ["今天天气很好", "今天很好", "天气很好 谢谢", "谢谢你", "你好", "今天你好"] * 2
KINDS = ("bpe", "unigram")
Scores = npt.NDArray[np.float64]


@settings(max_examples=80)
@given(texts=st.lists(st.text(min_size=1), min_size=1), kind=st.sampled_from(KINDS), more=st.integers(0, 20))
def test_any_text_comes_back_as_it_is_normalised(texts: list[str], kind: Any, more: int) -> None:
    texts = [clean(text) for text in texts]
    letters = {"▁", *"".join(map(plain, texts))} - {" "}
    vocabulary = fit_pieces(texts, kind, max(2, len(letters)) + more)
    assert len(vocabulary) <= 3 + max(2, len(letters)) + more and letters <= set(vocabulary.units)
    for text in texts:
        ids = vocabulary.encode(text)
        assert vocabulary.decode(ids.tolist()) == plain(text) and vocabulary.unknown(text) == []
        assert not len(ids) or (ids.min() >= 3 and ids.max() < len(vocabulary))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_texts_give_the_same_pieces_and_fewer_ids(kind: Any) -> None:
    one, again = fit_pieces(TEXTS, kind, 8), fit_pieces(TEXTS, kind, 8)
    assert one == again and 4 < len(one.units) <= 8
    characters = Vocabulary.fit(TEXTS)
    assert sum(len(one.encode(text)) for text in TEXTS) < sum(len(characters.encode(text)) for text in TEXTS)
    assert one.unknown("abc é") == ["c", "é"]
    with pytest.raises(KeyError, match="c"):
        one.encode("abc")


@pytest.mark.parametrize("kind", KINDS)
def test_chinese(kind: Any) -> None:
    vocabulary = fit_pieces(CHINESE, kind, 24)
    assert any(len(unit.strip("▁")) > 1 for unit in vocabulary.units), "characters that stand together are joined"
    for text in [*CHINESE, "好好好 今天"]:
        assert vocabulary.decode(vocabulary.encode(text).tolist()) == text
    assert Vocabulary.fit(CHINESE).decode(Vocabulary.fit(CHINESE).encode("你好").tolist()) == "你好"


def test_a_repeated_piece_needs_a_blank() -> None:
    vocabulary = fit_pieces(["ab", "ab ab"] * 3, "bpe", 5)
    ids = vocabulary.encode("ab ab")
    assert vocabulary.units[-1] == "▁ab" and len(ids) == 2 and steps_needed(ids) == 3


def test_too_small_a_vocabulary_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        fit_pieces(["ab c", "déjà"], "bpe", 7)
    assert str(caught.value) == (
        "features.vocab_size (7): the transcripts have 7 characters, and each of them and the space needs a unit; "
        "set 8 or more"
    )
    with pytest.raises(ConfigError, match=r"^features\.vocab_size \(1\) must be 2 or above$"):
        SpeechFeaturesConfig(units="bpe", vocab_size=1)


def log_probs(seed: int, steps: int, width: int) -> Scores:
    logits = 1.5 * np.random.default_rng(seed).standard_normal((steps, width))
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    kind=st.sampled_from(["characters", "words"]),
    texts=st.sampled_from([("ab ab", "ab a", "a ab"), ("ab b", "b ab ba")]),
    alpha=st.sampled_from([0.0, 0.5, 2.0]),
    beta=st.sampled_from([-1.0, 0.0, 1.5]),
)
def test_a_wide_beam_scores_every_target_with_the_language_model(
    seed: int, kind: Any, texts: tuple[str, ...], alpha: float, beta: float
) -> None:
    """Whatever pieces make up a text, it costs what the language model says of it as a whole."""
    vocabulary = fit_pieces(texts, "bpe", 4 if seed % 2 else 6)
    model = estimate(["ab ab", "a", "ab ba a"] * 2, LanguageConfig(order=3, units=kind))
    scores = log_probs(seed, 4 if len(vocabulary) < 8 else 3, len(vocabulary))
    expected: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        target = tuple(collapse(list(path)))
        chance = math.exp(sum(scores[step, number] for step, number in enumerate(path)))
        expected[target] = expected.get(target, 0.0) + chance
    fusion = fusion_of(model, vocabulary, Weights(alpha=alpha, beta=beta, unknown=-3.0))
    found = beam_search(scores, 10_000, fusion, least=0.0)
    assert {tuple(hypothesis.ids) for hypothesis in found} == set(expected)
    language = language_scores(model, vocabulary, [hypothesis.ids for hypothesis in found])
    for (ids, ctc, score), (ln_p, words, unknown) in zip(found, language.tolist(), strict=True):
        assert math.exp(ctc) == pytest.approx(expected[tuple(ids)])
        if not {1, 2} & set(ids):
            assert score == pytest.approx(ctc + alpha * ln_p + beta * words - 3.0 * unknown, abs=1e-5)


def test_words_begin_where_their_pieces_do() -> None:
    vocabulary = fit_pieces(["ab ab", "ab"] * 2 + ["abba"], "bpe", 5)
    ids = [vocabulary.units.index(unit) + 3 for unit in ("▁ab", "b", "a", "▁", "a")]
    scores = np.full((9, len(vocabulary)), 1e-6)
    for step, number in enumerate([0, ids[0], ids[0], ids[1], 0, ids[2], ids[3], ids[4], 0]):
        scores[step, number] = 1
    scores /= scores.sum(1, keepdims=True)
    first, second = words_of(np.log(scores), np.array(ids), vocabulary, 0.1)
    assert (first.word, first.start, first.end) == ("abba", 0.1, 0.6)
    assert (second.word, second.start, second.end) == ("a", 0.7, 0.8)


@pytest.mark.parametrize("kind", KINDS)
def test_features_travel(say: Any, tmp_path: Path, kind: Any) -> None:
    texts = ["ab ab", "ab c", "c ab"]
    examples = read([(say(text), 8000) for text in texts], texts)
    config = SpeechFeaturesConfig(units=kind, vocab_size=6)
    features = SpeechFeatures.fit(examples, config)
    features.save(tmp_path)
    loaded = SpeechFeatures.load(tmp_path, config)
    assert loaded.vocabulary == features.vocabulary
    assert all((loaded.vocabulary.encode(text) == features.vocabulary.encode(text)).all() for text in texts)
    with pytest.raises(DataError) as unknown:
        features.source(read([(say("ab"), 8000)], ["ab x"]), training=True)
    assert str(unknown.value) == "row 0: character 'x' is in no transcript that the model learned from"
    learned = json.loads((tmp_path / "vocabulary.json").read_text())
    (tmp_path / "vocabulary.json").write_text(json.dumps(learned | {"units": learned["units"][::-1]}))
    with pytest.raises(ArtifactError, match=r"damaged \(its pieces are not those of vocabulary\.json\)"):
        SpeechFeatures.load(tmp_path, config)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"tokenizer\.json: damaged \(.+\); save the model again"):
        SpeechFeatures.load(tmp_path, config)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(ArtifactError) as gone:
        SpeechFeatures.load(tmp_path, config)
    assert str(gone.value) == f"{tmp_path}/tokenizer.json: no such file; save the model again"


def test_fewer_pieces_than_were_asked_for_are_told(say: Any) -> None:
    texts = ["ab ab", "ab"]
    config = override(tiny(), {"features": {"units": "bpe", "vocab_size": 50}})
    found = SpeechRecognizer("linear", config=config).check([(say(text), 8000) for text in texts], texts)
    told = "recordings: features.vocab_size (50): the transcripts give 5 pieces; so many are used"
    assert told in found["warnings"]


WORDS = ["a", "b", "c", "ab", "ba", "cab", "bc"]


def sentences(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 4))) for _ in range(count)]


def units_elsewhere(kind: str) -> str:
    """What another process learns from the same texts: the trainer's threads and tables have another order there."""
    code = (
        "from test_pieces import sentences; from fourfold.speech.data import fit_pieces; "
        f"print(fit_pieces(sentences(300, 1), {kind!r}, 40).units)"
    )
    path = [str(Path(__file__).parent), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": os.pathsep.join(path)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize("kind", KINDS)
def test_another_process_gives_the_same_ids(kind: Any) -> None:
    assert units_elsewhere(kind) == units_elsewhere(kind) == str(fit_pieces(sentences(300, 1), kind, 40).units)


@pytest.mark.parametrize("kind", KINDS)
def test_as_few_units_as_there_are_letters(kind: Any) -> None:
    for texts in (["yes no"] * 15, ["a"], ["aa"], ["ab"]):
        letters = {"▁", *"".join(texts)} - {" "}
        assert set(fit_pieces(texts, kind, max(2, len(letters))).units) == letters


@pytest.mark.parametrize("kind", ["characters", "words"])
def test_a_recogniser_of_pieces(say: Any, tmp_path: Path, kind: Any) -> None:
    """Training, joint rescoring with a language model, alternatives, times, alignment, saving and loading."""

    def spoken(text: str, seed: int) -> tuple[npt.NDArray[np.float32], int]:
        return say(text, seed, seconds=0.16), 8000

    write_arpa(estimate(sentences(200, 5), LanguageConfig(order=3, units=kind)), tmp_path / "lm.arpa")
    texts = sentences(120, 0)
    settings_ = {
        "train": {"epochs": 20, "precision": "float32", "threads": 1},
        "features": {"units": "bpe", "vocab_size": 12},
        "decoding": {"lm": str(tmp_path / "lm.arpa"), "nbest": 3, "times": True},
    }
    model = SpeechRecognizer("tiny", config=override(tiny(), settings_))
    model.fit([spoken(text, seed) for seed, text in enumerate(texts)], texts, valid=0.2, out=tmp_path / "run")
    new = sentences(12, 8)
    waves = [spoken(text, seed) for seed, text in enumerate(new)]
    found = model(waves)
    assert sum(one.label != text for one, text in zip(found, new, strict=True)) <= 3
    for one in found:
        assert one.alternatives[0].text == one.label and [word.word for word in one.words] == one.label.split()
    assert [[word.word for word in row] for row in model.align(waves, new)] == [text.split() for text in new]
    loaded = SpeechRecognizer.load(tmp_path / "run")
    assert loaded.predict(waves).tolist() == model.predict(waves).tolist()
    for search in ("greedy", "beam", "attention"):
        loaded.answer_with({"decoding": {"search": search, "lm": None, "nbest": 1}})
        assert all(label == " ".join(label.split()) and "▁" not in label for label in loaded.predict(waves))
