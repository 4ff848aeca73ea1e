"""Characters become ids and come back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fourfold.speech.data import BLANK, BOS, EOS, Vocabulary, steps_needed


@given(texts=st.lists(st.text(min_size=1), min_size=1))
def test_round_trip(texts: list[str]) -> None:
    vocabulary = Vocabulary.fit(texts)
    for text in texts:
        ids = vocabulary.encode(text)
        assert vocabulary.decode(ids.tolist()) == text
        assert ids.min() > EOS and ids.max() < len(vocabulary)
    assert len(vocabulary) == 3 + len(set("".join(texts)))


def test_the_special_ids_have_no_text_and_strangers_are_named() -> None:
    vocabulary = Vocabulary.fit(["ab"])
    assert vocabulary.decode([BLANK, BOS, 3, EOS]) == "a"
    assert vocabulary.unknown("abcda") == ["c", "d"]


@given(ids=st.lists(st.integers(3, 5), max_size=12))
def test_the_steps_needed_are_those_of_the_shortest_path(ids: list[int]) -> None:
    path: list[int] = []
    for number in ids:
        path += [BLANK, number] if path and path[-1] == number else [number]
    assert steps_needed(np.array(ids, dtype=np.int64)) == len(path)


@given(texts=st.lists(st.lists(st.sampled_from(["yes", "no", "ja", "néé"]), min_size=1).map(" ".join), min_size=1))
def test_words_there_and_back(texts: list[str]) -> None:
    vocabulary = Vocabulary.fit(texts, words=True)
    for text in texts:
        assert vocabulary.decode(vocabulary.encode(text).tolist()) == text
    assert vocabulary.unknown(f"{texts[0]} never") == ["never"]
    assert len(vocabulary) == 3 + len({word for text in texts for word in text.split()})
