"""The tokenizer of a pretrained model: `tokenizer.json`, or the older vocabulary files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from ...core.errors import BadTokenizer
from ...core.hub import read_json
from .base import Kind

WORDPIECE_TOKENS = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
BPE_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "cls_token": "<s>",
    "mask_token": "<mask>",
}
_INPUTS: dict[Kind, list[str]] = {  # what the tokenizer of transformers hands to the model
    "bert": ["input_ids", "token_type_ids", "attention_mask"],
    "roberta": ["input_ids", "attention_mask"],
    "distilbert": ["input_ids", "attention_mask"],
}


def read_tokenizer(folder: Path, kind: Kind) -> Tokenizer | None:
    """Return the folder's tokenizer, or None where it has none; it neither cuts nor pads, whatever the file says."""
    if (folder / "tokenizer.json").is_file():
        tokenizer = _load(folder / "tokenizer.json")
    elif kind == "roberta" and (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        tokenizer = _bpe(folder, _settings(folder))
    elif kind != "roberta" and (folder / "vocab.txt").is_file():
        tokenizer = _wordpiece(folder, _settings(folder))
    else:
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> dict[str, str]:
    """Return the special tokens by their names in `tokenizer_config.json`: BERT's or RoBERTa's set."""
    for tokens in (WORDPIECE_TOKENS, BPE_TOKENS):
        if all(tokenizer.token_to_id(token) is not None for token in tokens.values()):
            return tokens
    sets = " nor ".join(" ".join(dict.fromkeys(tokens.values())) for tokens in (WORDPIECE_TOKENS, BPE_TOKENS))
    raise BadTokenizer(f"the tokenizer has neither {sets}; add the special tokens of one of them")


def write_tokenizer(folder: Path, tokenizer: Tokenizer, kind: Kind, max_length: int) -> None:
    """Write `tokenizer.json` and what transformers wants beside it."""
    tokens = special_tokens(tokenizer)
    plain = Tokenizer.from_str(tokenizer.to_str())
    plain.no_truncation()
    plain.no_padding()
    plain.save(str(folder / "tokenizer.json"))
    # This class takes tokenizer.json as it is; BertTokenizer would build its own from the vocabulary alone.
    settings = tokens | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": max_length}
    _write(folder / "tokenizer_config.json", settings | {"model_input_names": _INPUTS[kind]})
    _write(folder / "special_tokens_map.json", tokens)


def _write(path: Path, values: Mapping[str, object]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _load(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise BadTokenizer(f"{path}: not a tokenizer ({error}); fetch it again") from None


def _settings(folder: Path) -> dict[str, object]:
    """The settings of both files; the second wins, and a token may be written as an object."""
    values: dict[str, object] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            values |= read_json(folder / name)
    return {key: value["content"] if isinstance(value, dict) and "content" in value else value
            for key, value in values.items()}  # fmt: skip


def _refuse_added(folder: Path, settings: Mapping[str, object], vocabulary: Mapping[str, int]) -> None:
    """Tokens beside the vocabulary are transformers' to put in: a tokenizer.json tells where they went."""
    path = folder / "added_tokens.json"
    added = list(read_json(path)) if path.is_file() else []
    decoder = settings.get("added_tokens_decoder")
    if isinstance(decoder, dict):
        added += [str(token["content"]) for token in decoder.values() if isinstance(token, dict) and "content" in token]
    absent = [token for token in added if token not in vocabulary]
    if absent:
        raise BadTokenizer(
            f"{folder}: the token '{absent[0]}' was added beside the vocabulary, which needs a tokenizer.json; "
            "open it with transformers' AutoTokenizer and save it again"
        )


def _wordpiece(folder: Path, settings: Mapping[str, object]) -> Tokenizer:
    path = folder / "vocab.txt"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTokenizer(f"{path}: not a vocabulary ({error}); fetch it again") from None
    vocabulary = {token: number for number, token in enumerate(lines[:-1] if lines[-1] == "" else lines)}
    tokens = _tokens(WORDPIECE_TOKENS, settings, vocabulary, path)
    _refuse_added(folder, settings, vocabulary)
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=tokens["unk_token"]))
    accents = settings.get("strip_accents")
    tokenizer.normalizer = normalizers.BertNormalizer(
        handle_chinese_chars=bool(settings.get("tokenize_chinese_chars", True)),
        strip_accents=None if accents is None else bool(accents),
        lowercase=bool(settings.get("do_lower_case", True)),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(list(tokens.values()))
    separator, first = tokens["sep_token"], tokens["cls_token"]
    tokenizer.post_processor = processors.BertProcessing((separator, vocabulary[separator]), (first, vocabulary[first]))
    return tokenizer


def _bpe(folder: Path, settings: Mapping[str, object]) -> Tokenizer:
    path = folder / "vocab.json"
    try:
        tokenizer = Tokenizer(models.BPE.from_file(str(path), str(folder / "merges.txt")))
    except Exception as error:  # tokenizers raises nothing narrower
        raise BadTokenizer(f"{path}: not a vocabulary ({error}); fetch it and merges.txt again") from None
    vocabulary = tokenizer.get_vocab()
    tokens = _tokens(BPE_TOKENS, settings, vocabulary, path)
    _refuse_added(folder, settings, vocabulary)
    space = bool(settings.get("add_prefix_space", False))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in dict.fromkeys(tokens.values())]
    )
    separator, first = tokens["sep_token"], tokens["cls_token"]
    tokenizer.post_processor = processors.RobertaProcessing(
        (separator, vocabulary[separator]),
        (first, vocabulary[first]),
        trim_offsets=bool(settings.get("trim_offsets", True)),
        add_prefix_space=space,
    )
    return tokenizer


def _tokens(
    usual: Mapping[str, str], settings: Mapping[str, object], vocabulary: Mapping[str, int], path: Path
) -> dict[str, str]:
    tokens = {name: str(settings.get(name) or token) for name, token in usual.items()}
    absent = [token for token in tokens.values() if token not in vocabulary]
    if absent:
        raise BadTokenizer(f"{path}: lacks the special token '{absent[0]}'; fetch the tokenizer again")
    return tokens
