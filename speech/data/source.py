"""Features of all utterances in memory, gathered into batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch, Draw, Rows, pad
from ..audio import warped_places
from .augment import AugmentConfig, Numbers, mel_mask, stretched, time_mask, warped
from .flat import flat_alignment
from .noise import Noise
from .vocabulary import steps_needed

Frames: TypeAlias = npt.NDArray[np.float16]
Floats: TypeAlias = npt.NDArray[np.float32]
Targets: TypeAlias = Sequence[npt.NDArray[np.int64]]

_WHOSE, _TIMES, _MELS, _NOISE, _WARP = 3, (1, 4), (2, 5), 6, 7
"""The streams of random numbers that say whose targets a row takes, what is masked in the first and second view, what
noise is under it, and how its frequencies are warped."""

# Shapes: B batch, L frames, M mels, S target length.


@dataclass(frozen=True)
class SpeechSource:
    """Log-mel frames of N utterances (`frames`, float16, often a file that is mapped into memory), and their targets.

    Row i is `frames[starts[i] : starts[i] + lengths[i]]`; without `starts` they lie one after the other. `mean` and
    `deviation` of each mel, (M,) of all or (N, M) of each utterance, normalise them; without these they are normalised
    already. `targets` is None where only transcripts are wanted. `left_out` names the utterances that were left out
    because they have too few frames for their transcript, or none; `kept` holds the rows of the others. Of `second`,
    other targets, `second_share` of the rows take theirs, anew each epoch (None stands for a row that has none).
    `noise` is put under some utterances, as `augment` has it; it takes frames that are not normalised. `rate` is
    that of the samples in Hz.
    """

    frames: Frames
    lengths: Numbers
    targets: Sequence[npt.NDArray[np.int64]] | None
    augment: AugmentConfig
    subsampling: int
    left_out: tuple[str, ...] = ()
    kept: Numbers | None = None
    second: Sequence[npt.NDArray[np.int64] | None] | None = None
    second_share: float = 0.0
    starts: Numbers | None = None
    mean: Floats | None = None
    deviation: Floats | None = None
    flat_start: float = 0.0
    noise: Noise | None = None
    rate: int = 16000

    def __post_init__(self) -> None:
        if self.starts is None:
            object.__setattr__(self, "starts", np.cumsum(self.lengths) - self.lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def drawn_lengths(self, draw: Draw) -> Numbers:
        """Return the frames (N,) of each utterance as it is stretched in an epoch."""
        rows = np.arange(len(self))
        return self._stretch(rows, self._targets(rows, draw), draw)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return `frames` (B, L, M), `length` (B,); with targets also `target` (B, S), `target_length` (B,).

        While no more than `flat_start` of training is over, `flat` (B, T) are units spread evenly over the sound.

        With a `draw` the utterances are stretched and warped, some get noise, and all are masked; with two views there
        are twice as many rows, and the second half is the first, masked differently.
        """
        targets = self._targets(rows, draw)
        if draw is None:
            lengths_B = self.lengths[rows]
            frames_BLM = self._normalised(self._gather(rows, lengths_B), rows, lengths_B)
        else:
            frames_BLM, lengths_B = self._augmented(rows, targets, draw)
            targets = None if targets is None else [*targets] * self.augment.views
        tensors = {"frames": torch.from_numpy(frames_BLM), "length": torch.from_numpy(lengths_B)}
        if targets is not None and draw is not None and draw.progress < self.flat_start:
            tensors["flat"] = torch.from_numpy(flat_alignment(frames_BLM, lengths_B, targets, self.subsampling))
        if targets is not None:
            tensors["target"], keep = pad(targets)
            tensors["target_length"] = keep.sum(1)
        return Batch(tensors)

    def _targets(self, rows: Rows, draw: Draw | None) -> Targets | None:
        if self.targets is None:
            return None
        own = [self.targets[row] for row in rows]
        if self.second is None or draw is None:
            return own
        takes = draw.uniform(rows, 1, stream=_WHOSE)[:, 0] < self.second_share
        others = [self.second[row] if take else None for row, take in zip(rows, takes, strict=True)]
        return [first if other is None else other for first, other in zip(own, others, strict=True)]

    def _augmented(self, rows: Rows, targets: Targets | None, draw: Draw) -> tuple[Floats, Numbers]:
        config, mels = self.augment, self.frames.shape[1]
        lengths_B = self._stretch(rows, targets, draw)
        frames_BLM = self._gather(rows, lengths_B)
        if config.warp:
            factors_B = 1 + config.warp * (2 * draw.uniform(rows, 1, stream=_WARP)[:, 0] - 1)
            frames_BLM = warped(frames_BLM, warped_places(factors_B, mels, self.rate))
        noisy = self._mix(frames_BLM, rows, lengths_B, draw)
        changed = range(len(rows)) if config.warp else noisy
        frames_BLM = self._normalised(frames_BLM, rows, lengths_B, changed)
        masks = int(config.time_masks(lengths_B).max())
        views = [frames_BLM, *(frames_BLM.copy() for _ in range(config.views - 1))]
        for view_BLM, times, streams in zip(views, _TIMES, _MELS, strict=False):
            hide_BL = time_mask(lengths_B, draw.uniform(rows, 2 * masks, stream=times), config)
            hide_BM = mel_mask(len(rows), mels, draw.uniform(rows, 2 * config.mel_masks, stream=streams), config)
            view_BLM[hide_BL[:, :, None] | hide_BM[:, None, :]] = 0
        return np.concatenate(views), np.tile(lengths_B, config.views)

    def _stretch(self, rows: Rows, targets: Targets | None, draw: Draw) -> Numbers:
        least_B = np.zeros(len(rows), np.int64)
        if targets is not None:  # faster speech must stay slow enough for CTC
            least_B += [steps_needed(target) * self.subsampling for target in targets]
        return stretched(self.lengths[rows], draw.uniform(rows, 1)[:, 0], self.augment.speed, least_B)

    def _gather(self, rows: Rows, lengths_B: Numbers) -> Floats:
        """Return (B, L, M): each row brought to its length by interpolation over time, anything after it."""
        assert self.starts is not None
        whole_B = self.lengths[rows]
        place_BL = np.arange(int(lengths_B.max()))[None, :]
        at_BL = place_BL * ((whole_B - 1) / np.maximum(lengths_B - 1, 1))[:, None]
        low_BL = np.minimum(at_BL.astype(np.int64), whole_B[:, None] - 1)
        first_BL = self.starts[rows][:, None] + low_BL
        frames_BLM = self.frames[first_BL].astype(np.float32)
        if (whole_B != lengths_B).any():
            next_BL = first_BL + (low_BL < whole_B[:, None] - 1)
            share_BL1 = (at_BL - low_BL).astype(np.float32)[:, :, None]
            frames_BLM += share_BL1 * (self.frames[next_BL].astype(np.float32) - frames_BLM)
        return np.asarray(frames_BLM)

    def _mix(self, frames_BLM: Floats, rows: Rows, lengths_B: Numbers, draw: Draw) -> list[int]:
        """Put noise under some utterances; return their places in the batch."""
        config = self.augment
        if self.noise is None:
            return []
        uniform_B4 = draw.uniform(rows, 4, stream=_NOISE)
        noisy: list[int] = np.flatnonzero(uniform_B4[:, 0] < config.noise_share).tolist()
        for place in noisy:
            speech_LM = frames_BLM[place, : lengths_B[place]]
            speech_LM[:] = self.noise.under(speech_LM, uniform_B4[place, 1:], (config.snr[0], config.snr[1]))
        return noisy

    def _normalised(self, frames_BLM: Floats, rows: Rows, lengths_B: Numbers, changed: Sequence[int] = ()) -> Floats:
        """Normalise, an utterance that is so by itself and has changed by what it is now; zeros after each."""
        if self.mean is not None and self.deviation is not None:
            mean, deviation = _of_rows(self.mean, rows), _of_rows(self.deviation, rows)
            for place in changed if self.mean.ndim > 1 else ():
                mixed_LM = frames_BLM[place, : lengths_B[place]]
                mean[place], deviation[place] = mixed_LM.mean(0), np.maximum(mixed_LM.std(0), 1e-3)
            frames_BLM -= mean
            frames_BLM /= deviation
        frames_BLM[np.arange(frames_BLM.shape[1])[None, :] >= lengths_B[:, None]] = 0
        return frames_BLM


def _of_rows(moments: Floats, rows: Rows) -> Floats:
    """Return the moments (M,) of all rows, or those of each row as (B, 1, M)."""
    return moments if moments.ndim == 1 else moments[rows][:, None]
