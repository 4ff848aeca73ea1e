"""Texts that contain one another are found, others are not."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.nlp import TextClassifier
from fourfold.nlp.data import kin

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f"]), min_size=1, max_size=12)


def contains(long: list[str], short: list[str]) -> bool:
    return any(long[k : k + len(short)] == short for k in range(len(long) - len(short) + 1))


@settings(max_examples=200)
@given(st.lists(WORDS, min_size=1, max_size=12))
def test_kin_is_what_containment_connects(texts: list[list[str]]) -> None:
    number = list(range(len(texts)))
    for _ in texts:  # the connected parts, by the slow way
        for i, one in enumerate(texts):
            for j, other in enumerate(texts):
                if len(other) >= 5 and contains(one, other):
                    number[i] = number[j] = min(number[i], number[j])
    found = kin([" ".join(text) for text in texts])
    assert (np.equal.outer(found, found) == np.equal.outer(number, number)).all()


def test_case_and_pairs() -> None:
    assert kin(["One two three four five", "and one two three four FIVE six"]).tolist() == [0, 0]
    assert kin([("one two three", "four five"), ("one two three", "four five six")]).tolist() == [0, 0]
    assert kin(["same same", "same same"]).tolist() == [0, 1], "too short to say anything"


def test_a_chinese_character_is_a_word() -> None:
    assert kin(["这家店的味道真的很好"] * 2 + ["我觉得这家店的味道真的很好!"]).tolist() == [0, 0, 0]


def test_many_texts_with_one_opening_take_no_longer_than_others() -> None:
    texts = [
        f"please cancel my order number {k} of the day {k % 300} it is late {'very ' * (k % 20)}" for k in range(20_000)
    ]
    assert len(set(kin([*texts, "please cancel my order number"]).tolist())) == 1
    assert len(set(kin(texts).tolist())) == 20_000


def test_phrases_of_a_sentence_are_held_out_together() -> None:
    sentences = [" ".join(f"w{(k * 7 + j) % 97}" for j in range(9)) for k in range(30)]
    texts = [" ".join(text.split()[start:]) for text in sentences for start in range(4)]
    labels = [k % 2 for k in range(30) for _ in range(4)]
    model = TextClassifier("linear")
    train, held_out, _ = model._rows(texts, labels, None, None, 0.2, 0)
    assert held_out is not None and len(held_out) >= 24
    assert not any(long in text or text in long for long in held_out.inputs for text in train.inputs)
