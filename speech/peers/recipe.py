"""SpeechBrain's Conformer recipe for LibriSpeech (`conformer_small`), rebuilt from the modules in its wheel.

Kept are its front end, Conformer encoder with relative positions, Transformer decoder, joint loss (.3 of CTC),
augmentation (speed, time and mel masks, warping), dynamic batches, Adam with Noam's schedule, and its own loop. Changed
are width and depth (so that it has as many parameters as ours), mels, sample rate and targets (ours), and the warm-up,
a tenth of the steps: 25,000 are more than there are. Waves lie in memory, so that no file is decoded.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...core.batch import Examples
from ...core.benchmark.clock import Clock
from ..data import BLANK, BOS, EOS, SpeechFeatures, transcripts

_WIDTH, _ENCODER, _DECODER, _HEADS = 128, 3, 2, 4
_RATE, _CTC, _BUCKETS = 1e-3, 0.3, 200
_MODULES = ("cnn", "transformer", "ctc", "head", "normalise")


def parameters(model: nn.Module) -> int:
    """Return the number of a model's parameters."""
    return sum(parameter.numel() for parameter in model.parameters())


class Recipe:
    """Their model for the units, mels and rate of our features, of about `size` parameters; it trains and hears."""

    def __init__(self, features: SpeechFeatures, train: Examples, size: int, seed: int = 0) -> None:
        self.features, self.train_rows = features, train
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            thin, wide = (parameters(self._build(hidden)) for hidden in (256, 512))
            hidden = 256 + round((size - thin) * 256 / (wide - thin))
            self.modules: Any = self._build(max(hidden, 64))
        self.parameters = parameters(self.modules)
        self.fbank = _fbank(features)

    def _build(self, hidden: int) -> nn.ModuleDict:
        from speechbrain.lobes.models.convolution import ConvolutionFrontEnd
        from speechbrain.lobes.models.transformer.TransformerASR import TransformerASR
        from speechbrain.processing.features import InputNormalization

        mels, units = self.features.audio.mels, len(self.features.vocabulary)
        front = ConvolutionFrontEnd(
            input_shape=(8, 10, mels), num_blocks=2, num_layers_per_block=1, out_channels=(64, 32), kernel_sizes=(3, 3),
            strides=(2, 2), residuals=(False, False),
        )  # fmt: skip
        transformer = TransformerASR(
            tgt_vocab=units, input_size=-(-mels // 4) * 32, d_model=_WIDTH, nhead=_HEADS, num_encoder_layers=_ENCODER,
            num_decoder_layers=_DECODER, d_ffn=hidden, dropout=0.1, activation=nn.GELU, encoder_module="conformer",
            attention_type="RelPosMHAXL", normalize_before=True, causal=False,
        )  # fmt: skip
        heads = (nn.Linear(_WIDTH, units), nn.Linear(_WIDTH, units))
        built = (front, transformer, *heads, InputNormalization(norm_type="global", update_until_epoch=4))
        return nn.ModuleDict(dict(zip(_MODULES, built, strict=True)))

    def train(self, passes: int, batch_seconds: float, clock: Clock) -> float:
        """Train on all rows so many times by their loop; return the share of samples that were padding."""
        loader, steps = self._loader(batch_seconds)
        brain = _brain(self, clock, max(1, passes * steps // 10))
        brain.fit(range(1, passes + 1), loader)
        return 1 - float(brain.real / brain.all)

    @torch.inference_mode()
    def hear(self, examples: Examples) -> list[str]:
        """Return what CTC hears, the most probable unit at each step."""
        from speechbrain.decoders.ctc import ctc_greedy_decode

        self.modules.eval()
        found = []
        for clip in examples.inputs:
            wave_1S = torch.from_numpy(clip.sound(self.features.audio.sample_rate))[None]
            whole = torch.ones(1)
            source = self.modules["cnn"](self.modules["normalise"](self.fbank(wave_1S), whole))
            encoded = self.modules["transformer"].encode(source, whole)
            (ids,) = ctc_greedy_decode(self.modules["ctc"](encoded).log_softmax(-1), whole, BLANK)
            found.append(" ".join(self.features.vocabulary.decode(list(ids)).split()))
        self.modules.train()
        return found

    def _loader(self, batch_seconds: float) -> tuple[Any, int]:
        from speechbrain.dataio.batch import PaddedBatch
        from speechbrain.dataio.dataloader import SaveableDataLoader
        from speechbrain.dataio.dataset import DynamicItemDataset
        from speechbrain.dataio.sampler import DynamicBatchSampler

        rows = zip(self.train_rows.inputs, transcripts(self.train_rows), strict=True)
        data = {
            str(row): _item(clip.sound(self.features.audio.sample_rate), clip.seconds, self.features, text)
            for row, (clip, text) in enumerate(rows)
        }
        keys = ["id", "wave", "begun", "ended", "units"]
        dataset = DynamicItemDataset(data, output_keys=keys)
        sampler = DynamicBatchSampler(
            dataset, max_batch_length=batch_seconds, num_buckets=min(_BUCKETS, len(data)), max_batch_ex=256,
            length_func=lambda item: item["duration"],
        )  # fmt: skip
        return SaveableDataLoader(dataset, batch_sampler=sampler, collate_fn=PaddedBatch), len(sampler)


def _item(wave: Any, seconds: float, features: SpeechFeatures, text: str) -> dict[str, Any]:
    ids = features.vocabulary.encode(text)
    begun, ended = np.insert(ids, 0, BOS), np.append(ids, EOS)
    tensors = {"begun": begun, "ended": ended, "units": ids, "wave": wave}
    return {name: torch.from_numpy(np.asarray(value)) for name, value in tensors.items()} | {"duration": seconds}


def _fbank(features: SpeechFeatures) -> Any:
    from speechbrain.lobes.features import Fbank

    rate = features.audio.sample_rate
    size = 1 << (round(rate * 0.032) - 1).bit_length()
    return Fbank(sample_rate=rate, n_fft=size, n_mels=features.audio.mels, win_length=32)


def _augmenters(rate: int) -> tuple[Any, Any]:
    """Return what the recipe does to waves, and to frames."""
    from speechbrain.augment.augmenter import Augmenter
    from speechbrain.augment.freq_domain import SpectrogramDrop, Warping
    from speechbrain.augment.time_domain import SpeedPerturb

    time_drop = SpectrogramDrop(
        drop_length_low=15, drop_length_high=25, drop_count_low=5, drop_count_high=5, replace="mean", dim=1
    )
    mel_drop = SpectrogramDrop(
        drop_length_low=5, drop_length_high=10, drop_count_low=2, drop_count_high=2, replace="mean", dim=2
    )
    speed = SpeedPerturb(rate, speeds=[95, 100, 105])
    waves = Augmenter(min_augmentations=1, max_augmentations=1, augmentations=[speed])
    frames = Augmenter(min_augmentations=3, max_augmentations=3, augmentations=[time_drop, mel_drop, Warping()])
    return waves, frames


def _brain(recipe: Recipe, clock: Clock, warm_up: int) -> Any:
    """Return their loop around the recipe's modules."""
    from speechbrain.core import Brain
    from speechbrain.nnet.losses import ctc_loss, kldiv_loss
    from speechbrain.nnet.schedulers import NoamScheduler

    waves, frames = _augmenters(recipe.features.audio.sample_rate)
    noam, steps = NoamScheduler(_RATE, warm_up), itertools.count(1)

    class Loop(Brain):  # type: ignore[misc]
        """compute_forward and compute_objectives of the recipe."""

        real, all = 0.0, 0.0

        def compute_forward(self, batch: Any, stage: Any) -> tuple[Tensor, Tensor, Tensor]:
            wave_BS, share_B = batch.wave
            self.real += float(share_B.sum()) * wave_BS.shape[1]
            self.all += wave_BS.numel()
            wave_BS, share_B = waves(wave_BS, share_B)
            modules = self.modules
            mel_BLM = modules.normalise(recipe.fbank(wave_BS), share_B, epoch=epoch_of(self))
            mel_BLM, share_B = frames(mel_BLM, share_B)
            encoded, decoded = modules.transformer(modules.cnn(mel_BLM), batch.begun.data, share_B, pad_idx=BLANK)
            return modules.ctc(encoded).log_softmax(-1), modules.head(decoded).log_softmax(-1), share_B

        def compute_objectives(self, predictions: Any, batch: Any, stage: Any) -> Tensor:
            ctc, decoded, share_B = predictions
            heard = ctc_loss(ctc, *_two(batch.units, share_B), blank_index=BLANK, reduction="batchmean")
            written = kldiv_loss(
                decoded, batch.ended.data, length=batch.ended.lengths, label_smoothing=0.1, reduction="batchmean"
            )
            loss: Tensor = _CTC * heard + (1 - _CTC) * written
            return loss

        def on_fit_start(self) -> None:
            super().on_fit_start()
            clock.begin(0, 0)

        def on_fit_batch_end(self, batch: Any, outputs: Any, loss: Any, should_step: bool) -> None:
            noam(self.optimizer)
            clock.advance(next(steps))

        def on_stage_start(self, stage: Any, epoch: int | None = None) -> None:
            self.epoch = epoch

    def epoch_of(brain: Any) -> int:
        return int(brain.epoch or 0)

    return Loop(
        modules=dict(recipe.modules.items()), opt_class=lambda found: torch.optim.Adam(found, _RATE, (0.9, 0.98), 1e-9),
        run_opts={"device": "cpu", "noprogressbar": True, "max_grad_norm": 5.0},
    )  # fmt: skip


def _two(units: Any, share_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return units.data, share_B, units.lengths
