"""From samples in memory to text by CTC: transformers' pipeline beside our encoder with the same weights.

No architecture of transformers with a CTC head is ours whole. Nearest is Wav2Vec2 with its norm before each sublayer:
its encoder's layers are the core's, weight by weight. What comes before (convolutions over samples, a projection, a
convolution for positions) stays theirs here, so that what differs is the encoder, the batches and the search.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...core.benchmark import Contender
from ...core.benchmark.speed import OURS
from ...core.device import autocast
from ...core.nn import Encoder, TransformerConfig
from ..audio import Wave
from ..decode import greedy_ctc
from ..model import keep_mask
from ..pretrained.config import RATE
from .whisper import IN_BFLOAT16, Writer, clips

_WIDTH, _HEADS, _LAYERS, _CHANNELS = 256, 4, 16, 128
_UNITS = ("<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'")
_BATCH_SECONDS = 8.0

# Shapes: B batch, S samples, T encoder steps, D width, V vocabulary.


@dataclass(frozen=True, kw_only=True)
class CtcSetting:
    """Recordings at 16 kHz, and the threads of each contender."""

    waves: list[Wave]
    threads: int


def load_clips(name: str, steps: int, threads: int) -> CtcSetting:
    """Return so many recordings of AN4 where the data lie, else synthetic ones; `name` says nothing here."""
    return CtcSetting(waves=clips(steps), threads=threads)


def their_model(seed: int = 0) -> Any:
    """Return transformers' Wav2Vec2 with a CTC head, of 13 million parameters, with its first weights."""
    from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

    config = Wav2Vec2Config(
        vocab_size=len(_UNITS), hidden_size=_WIDTH, num_hidden_layers=_LAYERS, num_attention_heads=_HEADS,
        intermediate_size=4 * _WIDTH, conv_dim=(_CHANNELS,) * 7, feat_extract_norm="layer", do_stable_layer_norm=True,
        num_conv_pos_embeddings=32, pad_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = Wav2Vec2ForCTC(config)
    return model.eval()


class CtcModel(nn.Module):
    """Their front end and head around the core's encoder, with the weights of `theirs`."""

    def __init__(self, theirs: Any) -> None:
        super().__init__()
        self.lengths = theirs._get_feat_extract_output_lengths
        whole, config = theirs.wav2vec2, theirs.config
        self.features, self.projection = whole.feature_extractor, whole.feature_projection
        self.positions, self.head = whole.encoder.pos_conv_embed, theirs.lm_head
        self.encoder = Encoder(
            TransformerConfig(
                width=config.hidden_size, num_layers=config.num_hidden_layers, num_heads=config.num_attention_heads,
                hidden=config.intermediate_size, norm_eps=config.layer_norm_eps,
            )
        )  # fmt: skip
        self.encoder.load_state_dict(dict(_renamed(whole.encoder.state_dict(), config.num_hidden_layers)))

    def forward(self, wave_BS: Tensor, samples_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits (B, T, V) and how many steps of each row are real."""
        x_BTD = self.projection(self.features(wave_BS).transpose(1, 2))[0]
        length_B = self.lengths(samples_B)
        keep_BT = None if int(length_B.min()) == x_BTD.shape[1] else keep_mask(length_B, x_BTD.shape[1])
        if keep_BT is not None:
            x_BTD = x_BTD * keep_BT[:, :, None]
        logits_BTV: Tensor = self.head(self.encoder(x_BTD + self.positions(x_BTD), keep_BT))
        return logits_BTV, length_B


def _renamed(theirs: dict[str, Tensor], layers: int) -> Iterator[tuple[str, Tensor]]:
    names = {
        "attention.out_proj": "attention.out", "layer_norm": "attention_residual.norm",
        "feed_forward.intermediate_dense": "feedforward.up", "feed_forward.output_dense": "feedforward.down",
        "final_layer_norm": "feedforward_residual.norm",
    }  # fmt: skip
    for kind in ("weight", "bias"):
        yield f"norm.{kind}", theirs[f"layer_norm.{kind}"]
        for layer in (f"layers.{number}." for number in range(layers)):
            parts = [theirs[f"{layer}attention.{part}_proj.{kind}"] for part in "qkv"]
            yield f"{layer}attention.qkv.{kind}", torch.cat(parts)
            yield from ((f"{layer}{ours}.{kind}", theirs[f"{layer}{name}.{kind}"]) for name, ours in names.items())


def hear(model: CtcModel, waves: list[Wave], dtype: torch.dtype = torch.float32) -> list[str]:
    """Return the texts of recordings at 16 kHz, the most probable unit at each step, batches of like length."""
    texts = [""] * len(waves)
    for rows in _batches([len(wave) for wave in waves]):
        padded_BS = np.zeros((len(rows), max(len(waves[row]) for row in rows)), np.float32)
        for place, row in enumerate(rows):
            padded_BS[place, : len(waves[row])] = _scaled(waves[row])
        samples_B = torch.tensor([len(waves[row]) for row in rows])
        with torch.inference_mode(), autocast(torch.device("cpu"), dtype):
            found, _ = greedy_ctc(*model(torch.from_numpy(padded_BS), samples_B))
        for row, ids in zip(rows, found, strict=True):
            texts[row] = text_of(ids)
    return texts


def text_of(ids: list[int]) -> str:
    """Return the letters of units, as their tokenizer does: padding alone is not written."""
    return " ".join("".join(_UNITS[number] for number in ids if number).replace("|", " ").split())


def _scaled(wave: Wave) -> Wave:
    """Return a wave of mean 0 and variance 1, as their feature extractor does."""
    return np.asarray((wave - wave.mean()) / np.sqrt(wave.var() + 1e-7), np.float32)


def _batches(sizes: list[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    for row in sorted(range(len(sizes)), key=sizes.__getitem__):
        if batch and (len(batch) + 1) * sizes[row] > _BATCH_SECONDS * RATE:
            yield batch
            batch = []
        batch.append(row)
    yield batch


def hearers(setting: CtcSetting) -> list[Contender]:
    """Return ours, also in bfloat16, and transformers' pipeline by one and by eight.

    `texts_equal` is the share of equal texts: few in bfloat16, since the model has learned nothing, and all its units
    are about as probable.
    """
    torch.set_num_threads(setting.threads)
    theirs = their_model()
    ours, pipe = CtcModel(theirs).eval(), their_pipeline(theirs)
    seconds = round(sum(map(len, setting.waves)) / RATE)

    def piped(rows: int) -> list[str]:
        sounds = [{"raw": wave, "sampling_rate": RATE} for wave in setting.waves]
        return [" ".join(found["text"].split()) for found in pipe(sounds, batch_size=rows)]

    wanted = hear(ours, setting.waves)
    return [
        Writer(OURS, lambda: hear(ours, setting.waves), wanted).contender(seconds),
        Writer(IN_BFLOAT16, lambda: hear(ours, setting.waves, torch.bfloat16), wanted).contender(seconds),
        Writer("HF pipeline", lambda: piped(1), wanted).contender(seconds),
        Writer("HF pipeline, batches of 8", lambda: piped(8), wanted).contender(seconds),
    ]


def their_pipeline(model: Any) -> Any:
    """Return transformers' pipeline around a CTC model."""
    import transformers
    from transformers import pipeline

    theirs: Any = transformers
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.json"
        path.write_text(json.dumps({unit: number for number, unit in enumerate(_UNITS)}), encoding="utf-8")
        tokenizer = theirs.Wav2Vec2CTCTokenizer(str(path))
    extractor = theirs.Wav2Vec2FeatureExtractor(return_attention_mask=True)
    parts: Any = {"model": model, "tokenizer": tokenizer, "feature_extractor": extractor}
    return pipeline("automatic-speech-recognition", device="cpu", **parts)
