"""The tokenizers of pretrained models against those of transformers."""

from __future__ import annotations

import json
from pathlib import Path

import hugging
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

from fourfold.core.errors import ArtifactError
from fourfold.nlp.data.config import TextFeaturesConfig
from fourfold.nlp.data.tokenizers import train_tokenizer
from fourfold.nlp.pretrained import read_pretrained, save_pretrained, special_tokens
from fourfold.nlp.pretrained.tokenizer import read_tokenizer

TEXTS = [
    "The quick brown Fox jumps over the lazy dog.",
    "NAÏVE café in São Paulo: crème brûlée, ångström!",
    "我喜欢北京烤鸭 and 東京ラーメン 서울",
    "a\tb\nc\u00a0d\u200be\x00f \ufffd",
    "don't stop -- 1,234.56 e-mail@example.org #tag",
    "[MASK] is [CLS] <mask> </s> <s> half[MASK]way",
    "🙂👩‍👩‍👧 \U0001f600",
    "ẞß İstanbul ǅ ﬁ",
    "  leading and   trailing  ",
    "",
    "x" * 120,
]
PAIR = ("the dog", "a fox 北京")


def wordpiece(folder: Path, kind: str, **settings: object) -> Path:
    """A folder with vocab.txt and, where there are settings, tokenizer_config.json."""
    config = TextFeaturesConfig(vocab_size=300, min_frequency=1, lowercase=bool(settings.get("do_lower_case", True)))
    vocabulary = train_tokenizer(TEXTS, config).get_vocab()
    return with_files(folder, kind, settings, {"vocab.txt": "\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n"})


def bpe(folder: Path, **settings: object) -> Path:
    """A folder with vocab.json and merges.txt."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXTS, trainer)
    with_files(folder, "roberta", settings, {})
    tokenizer.model.save(str(folder))
    return folder


def with_files(folder: Path, kind: str, settings: dict[str, object], files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    classes = {"bert": "BertTokenizer", "roberta": "RobertaTokenizer", "distilbert": "DistilBertTokenizer"}
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"tokenizer_class": classes[kind]}))
    return folder


def assert_alike(ours: Tokenizer, folder: Path, texts: list[str] = TEXTS) -> None:
    theirs = AutoTokenizer.from_pretrained(folder)
    for text in texts:
        got, want = ours.encode(text), theirs(text, return_offsets_mapping=True)
        assert got.ids == want["input_ids"], text
        assert got.offsets == want["offset_mapping"], text
        assert ours.decode(got.ids, skip_special_tokens=False) == theirs.decode(
            want["input_ids"], clean_up_tokenization_spaces=False
        )
    want = theirs(*PAIR, return_token_type_ids=True)
    assert ours.encode(*PAIR).ids == want["input_ids"]
    assert ours.encode(*PAIR).type_ids == want["token_type_ids"]


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"do_lower_case": False},
        {"do_lower_case": True, "strip_accents": False},
        {"do_lower_case": False, "strip_accents": True},
        {"tokenize_chinese_chars": False},
        {"mask_token": {"content": "[MASK]", "lstrip": False, "rstrip": False, "single_word": False,
                        "normalized": False, "__type": "AddedToken"}},
    ],
)  # fmt: skip
def test_a_vocabulary_file(tmp_path, kind, settings):
    folder = wordpiece(tmp_path, kind, **settings)
    assert_alike(read_tokenizer(folder, kind), folder)


@pytest.mark.parametrize("settings", [{}, {"add_prefix_space": True}])
def test_a_vocabulary_and_merges(tmp_path, settings):
    folder = bpe(tmp_path, **settings)
    assert_alike(read_tokenizer(folder, "roberta"), folder)


@pytest.mark.parametrize("kind", hugging.KINDS)
@pytest.mark.parametrize("head", ["classifier", "masked"])
def test_the_folder_of_a_model_keeps_its_tokenizer(tmp_path, kind, head):
    make = bpe if kind == "roberta" else lambda folder: wordpiece(folder, kind, do_lower_case=False)
    tokenizer = read_tokenizer(make(tmp_path / "vocabulary"), kind)
    config = hugging.settings(kind)
    config.vocab_size = tokenizer.get_vocab_size()
    hugging.original(config, head).save_pretrained(tmp_path / "theirs")
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding()
    tokenizer.save(str(tmp_path / "theirs" / "tokenizer.json"))
    found = read_pretrained(tmp_path / "theirs")
    assert found.tokenizer.truncation is found.tokenizer.padding is None
    save_pretrained(hugging.ours(tmp_path / "theirs", head), tmp_path / "ours", kind=kind, tokenizer=tokenizer)
    assert tokenizer.truncation["max_length"] == 5  # the caller's own stays as it was
    assert_alike(found.tokenizer, tmp_path / "ours")
    theirs = AutoTokenizer.from_pretrained(tmp_path / "ours")
    assert theirs.mask_token_id == found.tokenizer.token_to_id(special_tokens(found.tokenizer)["mask_token"])
    assert theirs.pad_token_id == int(kind == "roberta")
    assert theirs.model_max_length == found.config.max_length
    assert ("token_type_ids" in theirs("a dog")) == (kind == "bert")
    assert read_pretrained(tmp_path / "ours").tokenizer.to_str() == found.tokenizer.to_str()


def test_none_where_there_is_none(tmp_path):
    assert read_tokenizer(tmp_path, "bert") is None
    (tmp_path / "vocab.json").write_text("{}")
    assert read_tokenizer(tmp_path, "roberta") is None


def message(call, *arguments, **named) -> str:
    with pytest.raises(ArtifactError) as caught:
        call(*arguments, **named)
    return str(caught.value)


def test_errors(tmp_path):
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("[PAD]\n[UNK]\n[CLS]\na\n")
    assert message(read_tokenizer, tmp_path, "bert") == (
        f"{vocabulary}: lacks the special token '[SEP]'; fetch the tokenizer again"
    )
    vocabulary.write_bytes(b"\xff\xfe")
    assert message(read_tokenizer, tmp_path, "bert") == (
        f"{vocabulary}: not a vocabulary ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte); "
        "fetch it again"
    )
    (tmp_path / "vocab.json").write_text("[]")
    (tmp_path / "merges.txt").write_text("")
    assert message(read_tokenizer, tmp_path, "roberta").startswith(f"{tmp_path}/vocab.json: not a vocabulary (")
    (tmp_path / "tokenizer.json").write_text("{")
    assert message(read_tokenizer, tmp_path, "bert").startswith(f"{tmp_path}/tokenizer.json: not a tokenizer (")
    assert message(special_tokens, Tokenizer(models.WordPiece({"a": 0}, unk_token="a"))) == (
        "the tokenizer has neither [UNK] [SEP] [PAD] [CLS] [MASK] nor <s> </s> <unk> <pad> <mask>; "
        "add the special tokens of one of them"
    )


@pytest.mark.parametrize("file", ["added_tokens.json", "tokenizer_config.json"])
def test_tokens_beside_the_vocabulary(tmp_path, file):
    folder = wordpiece(tmp_path, "bert")
    decoder = {"added_tokens_decoder": {"999": {"content": "<new>"}}}
    (folder / file).write_text(json.dumps({"<new>": 999} if file == "added_tokens.json" else decoder))
    assert message(read_tokenizer, folder, "bert") == (
        f"{folder}: the token '<new>' was added beside the vocabulary, which needs a tokenizer.json; "
        "open it with transformers' AutoTokenizer and save it again"
    )


def test_a_tokenizer_of_another_model(tmp_path):
    tokenizer = read_tokenizer(wordpiece(tmp_path / "vocabulary", "bert"), "bert")
    hugging.saved(tmp_path / "model", "bert")
    tokenizer.save(str(tmp_path / "model" / "tokenizer.json"))
    assert message(read_pretrained, tmp_path / "model") == (
        f"{tmp_path}/model: its tokenizer numbers tokens up to {tokenizer.get_vocab_size() - 1}, its word table has "
        "99 rows; give the tokenizer that it was trained with"
    )
    hugging.saved(tmp_path / "roberta", "roberta")
    model = hugging.ours(tmp_path / "roberta")
    assert message(save_pretrained, model, tmp_path / "out", kind="roberta", tokenizer=tokenizer) == (
        "the tokenizer pads with 0, where first_position (2) asks for 1; give the tokenizer that it was trained with"
    )
    assert not (tmp_path / "out").exists()
