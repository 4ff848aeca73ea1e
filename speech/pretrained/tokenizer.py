"""The tokens of a Whisper: `tokenizer.json`, text and back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from ...core.errors import BadTokenizer
from .rules import Rules

FILE = "tokenizer.json"

_TIME = re.compile(r"<\|\d+\.\d+\|>")


def read_tokenizer(folder: Path, vocab_size: int) -> Tokenizer:
    """Read `tokenizer.json`; ArtifactError where there is none, it is damaged, or has more tokens than the model."""
    path = folder / FILE
    if not path.is_file():
        raise BadTokenizer(
            f"{path}: no such file; open the folder with transformers' AutoTokenizer and save it there again"
        )
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise BadTokenizer(f"{path}: not a tokenizer ({error}); fetch it again") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if (last := max(tokenizer.get_vocab().values(), default=0)) >= vocab_size:
        raise BadTokenizer(
            f"{path}: numbers tokens up to {last}, the model has {vocab_size}; give the tokenizer that it was "
            "trained with"
        )
    return tokenizer


def write_tokenizer(folder: Path, tokenizer: Tokenizer, max_length: int, end: int) -> None:
    """Write `tokenizer.json` and what transformers wants beside it."""
    tokenizer.save(str(folder / FILE))
    added = tokenizer.get_added_tokens_decoder()
    last = str(tokenizer.id_to_token(end))
    special = [token.content for _, token in sorted(added.items()) if token.special and token.content != last]
    settings = {
        "tokenizer_class": "WhisperTokenizer", "model_max_length": max_length, "clean_up_tokenization_spaces": False,
        "bos_token": last, "eos_token": last, "unk_token": last, "pad_token": last, "extra_special_tokens": special,
    }  # fmt: skip
    text = json.dumps(settings, indent=2, ensure_ascii=False)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")


def text_of(tokenizer: Tokenizer, ids: Sequence[int], rules: Rules) -> str:
    """Return the text of what was written, without special tokens and times, as transformers decode it."""
    first = rules.first_timestamp
    kept = [number for number in ids if first is None or number < first]
    return _TIME.sub("", tokenizer.decode(kept, skip_special_tokens=True))


def ids_of(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the tokens of a transcript as Whisper writes it: with a space before, and nothing special around it."""
    ids: list[int] = tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids if text.strip() else []
    return ids
