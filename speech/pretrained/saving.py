"""From a Whisper of ours to a folder that Hugging Face's transformers load."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file
from tokenizers import Tokenizer

from ...core.files import write_text
from .config import HOP, RATE
from .mel import FFT
from .model import WhisperModel
from .rules import FILE, Rules, write_rules
from .settings import write_settings
from .tokenizer import write_tokenizer
from .weights import join_state


def save_pretrained(model: WhisperModel, folder: str | Path, *, rules: Rules, tokenizer: Tokenizer) -> None:
    """Write a folder from which transformers' WhisperForConditionalGeneration and AutoProcessor load the model."""
    folder, config = Path(folder), model.config
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.cpu().contiguous() for name, tensor in join_state(model).items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})  # transformers asks for the format
    write_tokenizer(folder, tokenizer, config.max_length, rules.end)
    extractor = {
        "feature_extractor_type": "WhisperFeatureExtractor", "processor_class": "WhisperProcessor",
        "feature_size": config.mels, "sampling_rate": RATE, "hop_length": HOP, "n_fft": FFT, "padding_value": 0.0,
        "chunk_length": -(-config.samples // RATE), "return_attention_mask": False,
    }  # fmt: skip
    dtype = str(model.tokens.weight.dtype).removeprefix("torch.")
    _write(folder / "preprocessor_config.json", extractor)
    _write(folder / FILE, write_rules(rules))
    _write(folder / "config.json", write_settings(config, rules) | {"dtype": dtype})


def _write(path: Path, values: dict[str, object]) -> None:
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")
