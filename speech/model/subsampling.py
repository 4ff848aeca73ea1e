"""Convolutions that turn log-mel frames into the encoder's steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Shapes: B batch, L frames, M mels, T encoder steps, D width.


class Subsampling(nn.Module):
    """Convolutions over time, GELU after each, that make one step of 2, 4 or 8 frames (of 2 as in Whisper).

    Padding stays zero between them, so that an utterance gives the same steps in every batch.
    """

    def __init__(self, mels: int, width: int, kernel: int, factor: int) -> None:
        super().__init__()
        strides = {2: (1, 2), 4: (2, 2), 8: (2, 2, 2)}[factor]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width if number else mels, width, kernel, stride, kernel // 2)
            for number, stride in enumerate(strides)
        )
        self.strides = strides

    def forward(self, frames_BLM: Tensor, length_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the steps (B, T, D) and their numbers (B,)."""
        x_BDL = frames_BLM.transpose(1, 2)
        for convolution, stride in zip(self.convolutions, self.strides, strict=True):
            x_BDL = F.gelu(convolution(x_BDL))
            length_B = (length_B + stride - 1) // stride
            x_BDL = x_BDL * keep_mask(length_B, x_BDL.shape[2])[:, None, :]
        return x_BDL.transpose(1, 2), length_B


def keep_mask(length_B: Tensor, size: int) -> Tensor:
    """Return (B, size), True within each row's length."""
    return torch.arange(size, device=length_B.device)[None, :] < length_B[:, None]
