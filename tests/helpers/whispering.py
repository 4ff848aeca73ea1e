"""Small Whispers of random weights as Hugging Face saves them, with a tokenizer of bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())
END = len(BYTES)
START, ENGLISH, GERMAN, TRANSLATE, TRANSCRIBE, PREVIOUS, QUIET = range(END + 1, END + 8)
SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>", "<|transcribe|>", "<|startofprev|>",
    "<|notimestamps|>",
)  # fmt: skip
SECONDS = 2
STEPS = 50 * SECONDS
SIZE = QUIET + 1 + STEPS + 1

SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {
        "d_model": 48,
        "encoder_layers": 3,
        "decoder_layers": 1,
        "encoder_attention_heads": 3,
        "decoder_attention_heads": 6,
    },
    {"num_mel_bins": 128, "activation_function": "relu", "encoder_ffn_dim": 100, "decoder_ffn_dim": 60},
)


def tokenizer() -> Tokenizer:
    """Return a tokenizer of single bytes, with Whisper's special tokens and times."""
    made = Tokenizer(models.BPE({byte: number for number, byte in enumerate(BYTES)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    times = [f"<|{step * 0.02:.2f}|>" for step in range(STEPS + 1)]
    made.add_tokens([AddedToken(name, special=False, normalized=False) for name in times])
    return made


def original(seed: int = 0, **settings: Any) -> WhisperForConditionalGeneration:
    """Return a model of transformers with random weights, larger than usual so that its tokens differ."""
    sizes = {
        "vocab_size": SIZE, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_source_positions": STEPS,
        "max_target_positions": 40, "pad_token_id": END, "bos_token_id": END, "eos_token_id": END,
        "decoder_start_token_id": START,
    }  # fmt: skip
    torch.manual_seed(seed)
    model = WhisperForConditionalGeneration(WhisperConfig(**sizes | settings)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1 and "embed_positions" not in name:
                weight.mul_(6)
    return model


def generation(**settings: Any) -> GenerationConfig:
    """Return what such a model may write."""
    values = {
        "decoder_start_token_id": START, "eos_token_id": END, "pad_token_id": END, "bos_token_id": END,
        "suppress_tokens": [3, 5, START, PREVIOUS], "begin_suppress_tokens": [7, END], "no_timestamps_token_id": QUIET,
        "is_multilingual": True, "lang_to_id": {"<|en|>": ENGLISH, "<|de|>": GERMAN}, "max_length": 40,
        "task_to_id": {"translate": TRANSLATE, "transcribe": TRANSCRIBE}, "max_initial_timestamp_index": 20,
        "forced_decoder_ids": [[1, None], [2, TRANSCRIBE]], "return_timestamps": False,
    }  # fmt: skip
    return GenerationConfig(**{name: value for name, value in (values | settings).items() if value is not ...})


def saved(folder: Path, seed: int = 0, rules: dict[str, Any] | None = None, **settings: Any) -> Any:
    """Save such a model with tokenizer and rules; return it."""
    model = original(seed, **settings)
    model.generation_config = generation(**(rules or {}))
    model.save_pretrained(folder)
    tokenizer().save(str(folder / "tokenizer.json"))
    return model


def waves(count: int = 3, seed: int = 0, seconds: float = SECONDS) -> list[np.ndarray]:
    """Return noises of different lengths, none longer than `seconds`."""
    random = np.random.default_rng(seed)
    lengths = random.integers(4000, int(16000 * seconds) + 1, count)
    return [(random.normal(size=length) * random.uniform(0.01, 0.3)).astype(np.float32) for length in lengths]


def their_frames(sounds: list[np.ndarray], mels: int = 80, **named: Any) -> Any:
    """Return what WhisperFeatureExtractor makes of sounds."""
    extractor = WhisperFeatureExtractor(feature_size=mels, chunk_length=SECONDS)
    return extractor(sounds, sampling_rate=16000, return_tensors="pt", **named)
