"""N-gram models: estimates by the formula, states by brute force, ARPA files in and out, and hostile ones."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from console import fourfold
from hypothesis import given, settings
from hypothesis import strategies as st
from kneser_ney import KneserNey

from fourfold.core.errors import ConfigError, DataError
from fourfold.speech.language import (
    LanguageConfig,
    LanguageModel,
    Trie,
    estimate,
    perplexity,
    read_arpa,
    text_lines,
    tokens,
    write_arpa,
)

TEXTS = st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=7).map(" ".join), min_size=1, max_size=12)
LETTERS = " ".join(np.random.default_rng(3).choice(list("abcdefgh"), p=np.arange(8, 0, -1) / 36, size=400))


@settings(max_examples=60)
@given(texts=TEXTS, order=st.integers(1, 5), said=st.lists(st.sampled_from("abcdez"), max_size=6))
def test_probabilities_are_those_of_the_formula(texts: list[str], order: int, said: list[str]) -> None:
    """Also for words and contexts that the text does not have."""
    model = estimate(texts, LanguageConfig(order=order))
    expected = KneserNey([text.split() for text in texts], model.order)
    found = model.log_probs([said])[0]
    history = ("<s>", *[word if word in model.numbers else "<unk>" for word in said])
    for place, word in enumerate([*history[1:], "</s>"], 1):
        context = history[max(0, place - model.order + 1) : place]
        assert 10 ** found[place - 1] == pytest.approx(expected.probability(word, context), rel=1e-5)


@settings(max_examples=60)
@given(texts=TEXTS, order=st.integers(1, 5))
def test_probabilities_sum_to_one_after_every_context(texts: list[str], order: int) -> None:
    model = estimate(texts, LanguageConfig(order=order))
    every = np.arange(len(model.words))
    for state in range(model.levels[-1] if model.order > 1 else 1):
        scores, _ = model.advance(np.full(len(every), state), every)
        assert (10**scores).sum() == pytest.approx(1, abs=1e-5)


def test_discounts_come_from_counts_of_counts() -> None:
    """A text long enough that they can be estimated, and one that is not."""
    assert estimate(["a b", "c"], LanguageConfig(order=2)).notes == (
        "1-grams: too few to estimate their discounts; they are 0.5, 1 and 1.5",
        "2-grams: too few to estimate their discounts; they are 0.5, 1 and 1.5",
    )
    lines = [" ".join(LETTERS.split()[start : start + 7]) for start in range(0, 400, 7)]
    model, formula = estimate(lines, LanguageConfig(order=3)), KneserNey([line.split() for line in lines], 3)
    assert any(found != (0.5, 1.0, 1.5) for found in formula.discounts[1:])
    found = 10 ** model.log_probs([["a", "b", "h"]])[0]
    contexts = [("<s>",), ("<s>", "a"), ("a", "b"), ("b", "h")]
    expected = [formula.probability(word, context) for word, context in zip("abh", contexts, strict=False)]
    assert found[:3] == pytest.approx(expected, rel=1e-5)
    assert found[3] == pytest.approx(formula.probability("</s>", ("b", "h")), rel=1e-5)


@settings(max_examples=30)
@given(texts=TEXTS, order=st.integers(1, 5), packed=st.booleans())
def test_an_arpa_file_gives_the_same_model(
    texts: list[str], order: int, packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = estimate(texts, LanguageConfig(order=order))
    path = tmp_path_factory.mktemp("arpa") / ("lm.arpa.gz" if packed else "lm.arpa")
    write_arpa(model, path)
    same(read_arpa(path), model)
    first = path.read_bytes()
    write_arpa(read_arpa(path), path)
    assert path.read_bytes() == first


def same(found: LanguageModel, expected: LanguageModel) -> None:
    assert (found.order, found.words, found.levels) == (expected.order, expected.words, expected.levels)
    for name in ("log_prob", "backoff", "suffix"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    assert np.array_equal(found.trie.keys, expected.trie.keys)


ARPA = r"""This line is ignored.
\data\
ngram 1=4
ngram 2=3

\1-grams:
-1.0	<unk>
-99	<s>	-0.3
-0.5	</s>
-0.4	a	-0.2

\2-grams:
-0.1	<s> a
-0.2	a a
-0.6	a </s>

\end\
"""


def arpa(tmp_path: Path, text: str = ARPA, name: str = "lm.arpa") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def test_backing_off(tmp_path: Path) -> None:
    model = read_arpa(arpa(tmp_path))
    assert model.counts == (4, 3) and model.words == ("<unk>", "<s>", "</s>", "a")
    assert model.log_probs([["a", "a", "z"]])[0] == pytest.approx([-0.1, -0.2, -0.2 - 1.0, -0.5])
    assert model.log_probs([[]])[0] == pytest.approx([-0.3 - 0.5])
    found = perplexity(model, ["a a z", "a"])
    assert found.value == pytest.approx(10 ** ((0.1 + 0.2 + 1.2 + 0.5 + 0.1 + 0.6) / 6))
    assert found.known == pytest.approx(10 ** ((0.1 + 0.2 + 0.5 + 0.1 + 0.6) / 5))
    assert found[2:] == (2, 4, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\\data\\", "data", ": no \\data\\ line: not an ARPA file"),
        ("ngram 1=4\n", "", ":3: orders must be 1, 2, … up to 9, one after the other"),
        ("ngram 1=4\nngram 2=3\n", "", ":4: ngram 1=COUNT was expected here"),
        ("1=4", "1=3", ":10: \\2-grams: was expected here"),
        ("1=4", "1=5", ":12: a 1-gram has a number, 1 words and perhaps another number"
         " (the head announces more n-grams)"),
        ("1=4", "1=999999999999999999", ":12: a 1-gram has a number, 1 words and perhaps another number"
         " (the head announces more n-grams)"),
        ("2=3", "2=2", ":15: \\end\\ was expected here; the file is cut off or has more n-grams than its head says"),
        ("\\1-grams:", "\\1-gram:", ":6: \\1-grams: was expected here"),
        ("-0.4	a", "much	a", ":10: what should be a logarithm is not a number"),
        ("-0.4	a", "nan	a", ":10: the logarithm of a probability must be a finite number of at most 0"),
        ("-0.4	a", "0.4	a", ":10: the logarithm of a probability must be a finite number of at most 0"),
        ("a	-0.2", "a	-inf", ":10: the logarithm of a probability must be a finite number of at most 0"),
        ("-0.4	a", "-0.4	</s>", ":10: the word '</s>' stands here twice"),
        ("-99	<s>", "-99	<b>", ":10: the 1-grams lack <s>, which every sentence needs"),
        ("a a", "a a a a", ":14: a 2-gram has a number, 2 words and perhaps another number"),
        ("a a", "a z", ":14: the word 'z' is not among the 1-grams"),
        ("a a", "<s> a", ":14: this n-gram stands here twice"),
        ("\\end\\\n", "", ": the file ends too soon; copy it again"),
        ("-0.4	a", "-0.4	" + "a" * 70000, ":10: a line of more than 65536 bytes; this is no ARPA file"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = arpa(tmp_path, ARPA.replace(old, new, 1))
    with pytest.raises(DataError) as caught:
        read_arpa(path)
    assert str(caught.value) == f"{path}{message}"


def test_a_context_that_is_missing_is_told(tmp_path: Path) -> None:
    text = ARPA.replace("2=3", "2=3\nngram 3=2").replace(
        "\\end\\", "\\3-grams:\n-0.1	<s> a a\n-0.1	</s> a a\n\n\\end\\"
    )
    path = arpa(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_arpa(path)
    assert str(caught.value) == f"{path}:20: its first 2 words are not among the 2-grams"


def test_damaged_files_and_missing_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such language model; check the path"):
        read_arpa(tmp_path / "none.arpa")
    packed = gzip.compress(ARPA.encode())
    for name, content in {"cut": packed[:-20], "broken": packed[:30] + b"\0\0\0" + packed[33:], "text": b"x"}.items():
        (tmp_path / f"{name}.gz").write_bytes(content)
        with pytest.raises(DataError, match=r"\.gz: damaged \(.*\); copy the file again"):
            read_arpa(tmp_path / f"{name}.gz")
    path = tmp_path / "latin.arpa"
    path.write_bytes(ARPA.replace("-0.4	a", "-0.4	é").encode("latin-1"))
    with pytest.raises(DataError) as caught:
        read_arpa(path)
    assert str(caught.value) == f"{path}:10: not UTF-8; convert the file"


@settings(max_examples=150)
@given(cut=st.integers(0, len(ARPA)), junk=st.text(max_size=6), length=st.integers(0, 30))
def test_a_damaged_file_is_read_or_refused(
    cut: int, junk: str, length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = arpa(tmp_path_factory.mktemp("arpa"), ARPA[:cut] + junk + ARPA[cut + length :])
    try:
        model = read_arpa(path)
    except DataError as error:
        assert str(error).startswith(str(path))
    else:
        assert all(np.isfinite(row).all() for row in model.log_probs([["a", "b"]]))


def test_a_file_without_unknown_words_and_with_pruned_suffixes(tmp_path: Path) -> None:
    text = ARPA.replace("-1.0	<unk>\n", "").replace("1=4", "1=3").replace("2=3", "2=2\nngram 3=1")
    text = text.replace("-0.2	a a\n", "").replace("\\end\\", "\\3-grams:\n-0.7	<s> a a\n\n\\end\\")
    model = read_arpa(arpa(tmp_path, text))
    assert model.words[-1] == "<unk>"
    # after "<s> a a" the longest context that there is is "a"
    assert model.log_probs([["a", "a", "a", "z"]])[0] == pytest.approx([-0.1, -0.7, -0.6, -100.2, -0.5])


def test_characters_and_words() -> None:
    model = estimate(["ab ba", "a b"], LanguageConfig(order=3, units="characters"))
    assert model.units == "characters" and "<space>" in model.words
    assert estimate(["ab ba"], LanguageConfig()).units == "words"
    assert tokens("e\u0301  a", "characters") == ["é", "<space>", "a"]


def test_what_cannot_be_estimated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^order \(6\) must be in 1 … 5$"):
        LanguageConfig(order=6)
    with pytest.raises(ConfigError, match=r"^units \('letters'\) must be words or characters$"):
        LanguageConfig(units="letters")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"^the text is empty; give one sentence a line$"):
        estimate(["", "  "], LanguageConfig())
    with pytest.raises(DataError, match=r"^the text holds '</s>', which the model needs as a sign; remove it$"):
        estimate(["a </s>"], LanguageConfig())
    with pytest.raises(DataError, match="no such file; check the path"):
        list(text_lines([tmp_path / "none.txt"]))
    (tmp_path / "latin.txt").write_bytes("ok\né\n".encode("latin-1"))
    with pytest.raises(DataError) as caught:
        list(text_lines([tmp_path / "latin.txt"]))
    assert str(caught.value) == f"{tmp_path / 'latin.txt'}:2: not UTF-8; convert the file"
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"a b\n" * 1000)[:-9])
    with pytest.raises(DataError, match=r"cut.gz: damaged after line \d+ \("):
        list(text_lines([tmp_path / "cut.gz"]))


@given(rows=st.lists(st.lists(st.integers(0, 3), max_size=5), max_size=12))
def test_a_trie_finds_what_it_was_made_of(rows: list[list[int]]) -> None:
    trie, ends = Trie.of(rows, 4)
    prefixes = {tuple(row[:size]) for row in rows for size in range(len(row) + 1)} | {()}
    assert len(trie) == len(prefixes)
    for row, end in zip(rows, ends.tolist(), strict=True):
        node = np.zeros(1, np.int64)
        for symbol in row:
            node = trie.find(node, np.array([symbol]))
        assert node[0] == end
    for prefix in prefixes:
        for symbol in range(4):
            node = np.zeros(1, np.int64)
            for one in (*prefix, symbol):
                node = trie.find(node, np.array([one]))
            assert (node[0] >= 0) == ((*prefix, symbol) in prefixes)


def test_perplexity_of_nothing() -> None:
    with pytest.raises(DataError, match=r"^perplexity: there are no sentences; give at least one$"):
        perplexity(estimate(["a"], LanguageConfig()), [])
    assert math.isfinite(perplexity(estimate(["a"], LanguageConfig()), [""]).value)


def test_the_command_writes_and_measures_a_model(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("yes no\nno yes yes\n\n")
    out = tmp_path / "lm.arpa.gz"
    done = fourfold(
        "speech", "language", tmp_path / "text.txt", "--out", out, "--order", "2", "--test", tmp_path / "text.txt"
    )
    assert done.code == 0, done.err
    assert done.err.endswith(f"wrote 5 1-grams, 7 2-grams to {out}\n")
    model = read_arpa(out)
    value = perplexity(model, ["yes no", "no yes yes", ""]).value
    assert done.out == f"perplexity {value:.4g} over 5 words, 0 of them unknown\n"
    again = fourfold("speech", "language", tmp_path / "text.txt", "--out", out)
    assert (again.code, again.err) == (2, f"error: {out}: it is there already; replace it with --force\n")
    wrong = fourfold("speech", "language", tmp_path / "text.txt", "--out", out, "--force", "--units", "letters")
    assert (wrong.code, wrong.err) == (2, "error: units: 'letters' is not one of words, characters\n")
