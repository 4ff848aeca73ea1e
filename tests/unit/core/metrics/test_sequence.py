"""Alignments against brute force and jiwer, with the cases that text brings."""

from __future__ import annotations

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.metrics import alignment, character_errors, edits, error_rate, value_of, word_errors

short = st.text("abc", max_size=6)


def least(a: str, b: str) -> tuple[int, int, int]:
    """Return (substitutions, insertions, deletions) of the best alignment, by trying all."""
    if not a or not b:
        return 0, len(b), len(a)
    s, i, d = least(a[1:], b[1:])
    tries = [(s + (a[0] != b[0]), i, d)]
    s, i, d = least(a, b[1:])
    tries.append((s, i + 1, d))
    s, i, d = least(a[1:], b)
    tries.append((s, i, d + 1))
    return min(tries, key=lambda counts: (sum(counts), -counts[0]))


@settings(max_examples=60)
@given(short.filter(lambda text: len(text) <= 5), short.filter(lambda text: len(text) <= 5))
def test_edits_equal_brute_force(reference: str, hypothesis: str) -> None:
    found = edits(reference, hypothesis)
    assert (found.substitutions, found.insertions, found.deletions) == least(reference, hypothesis)


@given(st.lists(st.tuples(short.filter(bool), short), min_size=1, max_size=8))
def test_character_error_rate_equals_jiwer(rows: list[tuple[str, str]]) -> None:
    references, hypotheses = [list(column) for column in zip(*rows, strict=True)]
    ours = value_of(error_rate(character_errors(references, hypotheses)))
    assert ours == pytest.approx(jiwer.cer(references, hypotheses), abs=1e-9)


def test_long_utterances_are_counted_exactly() -> None:
    found = edits("ab" * 2000, "ab" * 1000 + "x" + "ab" * 990)
    assert (found.substitutions, found.insertions, found.deletions) == (1, 0, 19)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"),
    [("", "", (0, 0, 0)), ("", "a b", (0, 2, 0)), ("a b", "", (0, 0, 2)), ("a b", "b a", (2, 0, 0))],
)
def test_edges_of_edits(reference: str, hypothesis: str, counts: tuple[int, int, int]) -> None:
    (found,) = word_errors([reference], [hypothesis])
    assert (found.substitutions, found.insertions, found.deletions) == counts
    assert found.length == len(reference.split())


def test_an_insertion_into_silence_counts_over_all_rows_and_silence_alone_has_no_rate() -> None:
    assert value_of(error_rate(word_errors(["", "one two"], ["noise", "one two"]))) == 0.5
    assert np.isnan(value_of(error_rate(word_errors([""], ["noise"]))))


words = st.lists(st.sampled_from(["one", "two", "three"]), max_size=9)


@given(words, words)
def test_an_alignment_holds_both_texts_and_the_counted_edits(reference: list[str], hypothesis: list[str]) -> None:
    pairs, counted = alignment(reference, hypothesis), edits(reference, hypothesis)
    assert [a for a, _ in pairs if a is not None] == reference
    assert [b for _, b in pairs if b is not None] == hypothesis
    assert sum(a is None for a, _ in pairs) == counted.insertions
    assert sum(b is None for _, b in pairs) == counted.deletions
    assert sum(a is not None and b is not None and a != b for a, b in pairs) == counted.substitutions
    assert sum(a == b for a, b in pairs) == counted.hits


@given(st.lists(st.tuples(words.filter(bool), words), min_size=1, max_size=6))
def test_errors_and_words_equal_those_of_jiwer(rows: list[tuple[list[str], list[str]]]) -> None:
    references, hypotheses = [[" ".join(text) for text in column] for column in zip(*rows, strict=True)]
    ours, theirs = word_errors(references, hypotheses), jiwer.process_words(references, hypotheses)
    assert sum(one.errors for one in ours) == theirs.substitutions + theirs.insertions + theirs.deletions
    assert sum(one.length for one in ours) == theirs.hits + theirs.substitutions + theirs.deletions
    assert value_of(error_rate(ours)) == pytest.approx(theirs.wer, abs=1e-12)
    # which of equally few edits is not fixed, but what they balance is
    assert sum(one.insertions - one.deletions for one in ours) == theirs.insertions - theirs.deletions
