"""Convolutions that turn log-mel frames into the encoder's steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Shapes: B batch, L frames, M mels, T encoder steps, D width.


@dataclass
class SubsamplingState:
    """What the convolutions keep of a stream: before each, the last inputs (B, D, L) that are needed again."""

    before: list[Tensor | None]


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
        self.kernel, self.strides = kernel, strides

    def forward(self, frames_BLM: Tensor, length_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the steps (B, T, D) and their numbers (B,)."""
        x_BDL = frames_BLM.transpose(1, 2)
        for convolution, stride in zip(self.convolutions, self.strides, strict=True):
            x_BDL = F.gelu(convolution(x_BDL))
            length_B = (length_B + stride - 1) // stride
            x_BDL = x_BDL * keep_mask(length_B, x_BDL.shape[2])[:, None, :]
        return x_BDL.transpose(1, 2), length_B

    def begin(self) -> SubsamplingState:
        """Return the state before the first frame of a stream."""
        return SubsamplingState([None] * len(self.strides))

    def following(self, frames_BLM: Tensor, state: SubsamplingState, *, last: bool = False) -> Tensor:
        """Return the steps (B, T, D), perhaps none, that the next frames of a stream complete; all with the `last`.

        Together they are those that a whole utterance gives: `state` keeps the frames that a later step needs.
        """
        x_BDL, side = frames_BLM.transpose(1, 2), self.kernel // 2
        for number, (weight, bias, stride) in enumerate(self._layers()):
            before_BDL = state.before[number]
            if before_BDL is None:
                before_BDL = x_BDL.new_zeros(*x_BDL.shape[:2], side)
            x_BDL = F.pad(torch.cat([before_BDL, x_BDL], dim=2), (0, side if last else 0))
            count = max(0, (x_BDL.shape[2] - self.kernel) // stride + 1)
            state.before[number] = x_BDL[:, :, count * stride :]
            empty_BDL = x_BDL.new_zeros(len(x_BDL), len(weight), 0)
            x_BDL = F.gelu(F.conv1d(x_BDL, weight, bias, stride)) if count else empty_BDL
        return x_BDL.transpose(1, 2)

    def frames_for(self, steps: int) -> int:
        """Return how many frames it takes, from the first, until so many steps are complete.

        >>> Subsampling(40, 16, kernel=9, factor=4).frames_for(1)
        13
        """
        for stride in reversed(self.strides):
            steps = (steps - 1) * stride + self.kernel - self.kernel // 2
        return steps

    def _layers(self) -> Iterator[tuple[Tensor, Tensor | None, int]]:
        for convolution, stride in zip(self.convolutions, self.strides, strict=True):
            assert isinstance(convolution, nn.Conv1d)
            yield convolution.weight, convolution.bias, stride


def keep_mask(length_B: Tensor, size: int) -> Tensor:
    """Return (B, size), True within each row's length."""
    return torch.arange(size, device=length_B.device)[None, :] < length_B[:, None]
