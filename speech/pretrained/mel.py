"""Whisper's log-mel frames."""

from __future__ import annotations

import functools

import torch
from torch import Tensor
from torch.nn import functional as F

from ..audio import Wave
from .config import HOP, RATE

FFT = 400
"""Samples of a spectrum: 25 ms."""

_LEAST, _RANGE = 1e-10, 8.0


def whisper_mel(wave: Wave, mels: int = 80, samples: int = 0) -> Tensor:
    """Return the (L, mels) log-mel frames of a wave at 16 kHz, one each 10 ms, as WhisperFeatureExtractor does.

    The wave is cut or filled with silence to `samples`; 0 leaves it as long as it is. The logarithm (base 10) of the
    power is cut off 8 below the loudest value, then brought to about −1 … 1. Silence is not transformed: its frames are
    known.

    >>> import numpy as np
    >>> whisper_mel(np.zeros(8000, dtype=np.float32), 80, 480_000).shape
    torch.Size([3000, 80])
    """
    total = samples or max(len(wave), FFT)
    sound = torch.from_numpy(wave[:total])
    needed = min(total, -(-(len(sound) + FFT) // HOP) * HOP)
    sound = F.pad(sound, (0, needed - len(sound)))
    spectrum_FL = torch.stft(sound, FFT, HOP, window=torch.hann_window(FFT), return_complex=True)[:, :-1]
    power_LF = spectrum_FL.abs().square().T.contiguous()
    log_LM = (power_LF @ _filters(mels)).clamp_min(_LEAST).log10()
    floor = float(log_LM.max()) - _RANGE
    frames_LM = torch.full((total // HOP, mels), max(-10.0, floor))
    frames_LM[: len(log_LM)] = log_LM.clamp_min(floor)[: len(frames_LM)]
    return (frames_LM + 4) / 4


@functools.lru_cache(maxsize=4)
def _filters(mels: int) -> Tensor:
    """Return the (F, mels) triangular filters on Slaney's scale, each of the same area."""
    import torchaudio.functional

    filters_FM: Tensor = torchaudio.functional.melscale_fbanks(
        FFT // 2 + 1, 0.0, RATE / 2, mels, RATE, norm="slaney", mel_scale="slaney"
    )
    return filters_FM
