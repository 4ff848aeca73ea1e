"""Tokenizers learned from texts: the same every time, without waste for Chinese, and for any string at all."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from fourfold.core.errors import ConfigError
from fourfold.nlp.data import TextFeaturesConfig
from fourfold.nlp.data.tokenizers import KINDS, SPECIAL, TokenizerKind, train_tokenizer
from fourfold.nlp.data.tokenizers.alphabet import Alphabet, stands_alone
from fourfold.nlp.data.tokenizers.train import sampled

CHINESE = ["这部电影的导演非常出色", "演员的表演也很自然", "电影很好看，值得一看！", "2D电影很好看 iPhone 版"]
ENGLISH = ["the director of this film is excellent", "the acting is natural, too", "a film worth watching!"]


def corpus(rows: int = 200) -> list[str]:
    """Words of few letters, so that many pairs are equally common."""
    random = np.random.default_rng(0)
    letters = np.array(list("abcdeé好看ко"))
    return [" ".join("".join(random.choice(letters, random.integers(1, 7))) for _ in range(6)) for _ in range(rows)]


@cache
def trained(kind: TokenizerKind, **settings: object) -> Tokenizer:
    return train_tokenizer([*CHINESE, *ENGLISH, *corpus()], TextFeaturesConfig(tokenizer=kind, **settings))  # type: ignore[arg-type]


def fingerprint(tokenizer: Tokenizer) -> str:
    return hashlib.sha256(repr(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_come_first_and_frame_a_text(kind: TokenizerKind) -> None:
    tokenizer = trained(kind)
    assert [tokenizer.token_to_id(name) for name in SPECIAL] == list(range(len(SPECIAL)))
    tokens = tokenizer.encode("a film").tokens
    assert tokens[0] == "[CLS]" and tokens[-1] == "[SEP]" and "[UNK]" not in tokens


@pytest.mark.parametrize("kind", KINDS)
def test_a_pair_is_two_segments_and_the_longer_is_cut(kind: TokenizerKind) -> None:
    tokenizer = train_tokenizer([*CHINESE, *ENGLISH], TextFeaturesConfig(tokenizer=kind, max_length=12))
    tokenizer.enable_truncation(12, strategy="longest_first")
    found = tokenizer.encode("is the acting natural", "很好看，值得一看！" * 4)
    ends = [place for place, token in enumerate(found.tokens) if token == "[SEP]"]
    assert len(found.ids) == 12 and found.tokens[0] == "[CLS]" and ends[1:] == [11]
    assert found.type_ids == [0] * (ends[0] + 1) + [1] * (11 - ends[0])
    assert min(ends[0] - 1, 10 - ends[0]) >= 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [12, 40, 300])
def test_the_vocabulary_is_never_larger_than_asked(kind: TokenizerKind, size: int) -> None:
    tokenizer = trained(kind, vocab_size=size)
    assert tokenizer.get_vocab_size() <= size
    assert all(number < size for number in tokenizer.encode("the film 电影 zzz").ids)


@pytest.mark.parametrize("kind", KINDS)
def test_chinese_characters_are_words(kind: TokenizerKind) -> None:
    tokens = [token.strip("▁") for token in trained(kind, min_frequency=1).encode("这部电影很好看").tokens[1:-1]]
    assert [token for token in tokens if token] == list("这部电影很好看")


def test_wordpiece_wastes_nothing_on_chinese() -> None:
    tokenizer = train_tokenizer(CHINESE * 3, TextFeaturesConfig())
    assert not [token for token in tokenizer.get_vocab() if token.startswith("##") and stands_alone(token[2:3])]
    used = {number for text in CHINESE for number in tokenizer.encode(text).ids}
    ideographs = {letter for text in CHINESE for letter in text if "\u4e00" <= letter <= "\u9fff"}
    assert ideographs <= {tokenizer.id_to_token(number) for number in used}


@pytest.mark.parametrize("kind", KINDS)
def test_rare_characters_are_unknown_and_rare_ascii_is_not(kind: TokenizerKind) -> None:
    tokenizer = train_tokenizer([*["好 ab ab"] * 5, "稀 é q"], TextFeaturesConfig(tokenizer=kind))
    assert {"稀", "é"}.isdisjoint(tokenizer.get_vocab())
    assert tokenizer.encode("好 稀 q").ids.count(SPECIAL.index("[UNK]")) == 1


PROGRAM = """
import sys
from test_tokenizers import corpus, fingerprint
from fourfold.nlp.data import TextFeaturesConfig
from fourfold.nlp.data.tokenizers import KINDS, train_tokenizer
for kind in KINDS:
    print(fingerprint(train_tokenizer(corpus(), TextFeaturesConfig(tokenizer=kind, vocab_size=250))))
"""


def test_the_same_texts_give_the_same_vocabulary_in_every_process() -> None:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    there = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "1"},
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    here = [
        fingerprint(train_tokenizer(corpus(), TextFeaturesConfig(tokenizer=kind, vocab_size=250))) for kind in KINDS
    ]
    assert there == here and len(set(here)) == 3


LETTERS = "abcdeé好看ко"
KNOWN = st.lists(st.text(LETTERS, min_size=1, max_size=8) | st.sampled_from([" ", "\t", "\n", "  "]), max_size=8)


@settings(max_examples=60)
@given(KNOWN.map("".join))
@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_ids_decode_to_the_normalised_text(kind: TokenizerKind, text: str) -> None:
    tokenizer = trained(kind, min_frequency=1)
    assert tokenizer.normalizer is not None
    assert tokenizer.decode(tokenizer.encode(text).ids) == tokenizer.normalizer.normalize_str(text)
    assert tokenizer.normalizer.normalize_str(text) == " ".join(text.split())


@settings(max_examples=60)
@given(st.text(max_size=60), st.text(max_size=20))
@pytest.mark.parametrize("kind", KINDS)
def test_any_string_has_ids(kind: TokenizerKind, text: str, other: str) -> None:
    tokenizer = trained(kind)
    ids = tokenizer.encode(text).ids
    assert len(ids) >= 2 and max(ids) < tokenizer.get_vocab_size()
    assert tokenizer.encode_batch_fast([text])[0].ids == ids
    assert len(tokenizer.encode(text, other).ids) >= 3


@settings(max_examples=10)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=5), st.sampled_from([6, 9, 8000]))
@pytest.mark.parametrize("kind", KINDS)
def test_any_texts_give_a_tokenizer(kind: TokenizerKind, texts: list[str], size: int) -> None:
    config = TextFeaturesConfig(tokenizer=kind, min_frequency=1, vocab_size=size)
    tokenizer = train_tokenizer(texts, config)
    assert tokenizer.get_vocab_size() <= size
    assert all(tokenizer.encode(text).ids for text in texts)


def test_compatible_letters_are_made_the_same_where_asked() -> None:
    texts = ["iphone 12 手机"] * 4
    for kind in KINDS:
        plain, same = (train_tokenizer(texts, TextFeaturesConfig(tokenizer=kind, nfkc=nfkc)) for nfkc in (False, True))
        assert same.encode("ｉＰｈｏｎｅ １２").ids == same.encode("iphone 12").ids
        assert plain.encode("ｉＰｈｏｎｅ １２").ids != plain.encode("iphone 12").ids


def test_a_large_set_is_sampled_evenly() -> None:
    rows = sampled([str(k) for k in range(1001)], 101)
    assert rows == [str(k) for k in range(0, 1001, 10)]
    assert {int(b) - int(a) for a, b in pairwise(sampled([str(k) for k in range(1000)], 300))} <= {3, 4}


def test_the_alphabet_keeps_what_is_common_and_what_fits() -> None:
    alphabet = Alphabet.fit(["bbb aa cccc éé x 好好"], least=2, room=5, cost=lambda letter: 2 - stands_alone(letter))
    assert alphabet.kept == ("b", "c", "好") and alphabet.dropped == {"a", "é", "x"}
    assert list(alphabet.only(["abc xé"])) == [" bc   "]


def test_an_unknown_kind_is_refused() -> None:
    from fourfold.core.config import override

    with pytest.raises(ConfigError) as error:
        override(TextFeaturesConfig(), {"tokenizer": "words"}, "features")
    assert str(error.value) == "features.tokenizer: 'words' is not one of wordpiece, bpe, unigram"
