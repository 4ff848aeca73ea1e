"""From the attention decoder to ids of units, one at a time with a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...core.nn import DecoderCache
from ..data import BOS, EOS

if TYPE_CHECKING:
    from ..model import SpeechModel

# Shapes: B batch, T encoder steps, D width, V vocabulary, S target length.


def greedy_attention(model: SpeechModel, memory_BTD: Tensor, length_B: Tensor) -> tuple[list[list[int]], Tensor]:
    """Return the ids that the decoder finds most probable step by step, and their joint probability (B,).

    A row ends at its end sign or after as many ids as its encoder has steps, whatever the others of the batch have; the
    cache makes each step cost one id.
    """
    rows = len(memory_BTD)
    ids_B1 = torch.full((rows, 1), BOS, device=memory_BTD.device)
    cache = DecoderCache(model.config.decoder.num_layers)
    done_B = torch.zeros(rows, dtype=torch.bool, device=memory_BTD.device)
    score_B = torch.zeros(rows, device=memory_BTD.device)
    said: list[Tensor] = []
    while not bool(done_B.all()):
        log_probs_BV = model.decode(ids_B1, memory_BTD, length_B, cache)[:, -1].float().log_softmax(-1)
        best_B, number_B = log_probs_BV.max(-1)
        score_B = score_B + best_B.masked_fill(done_B, 0)
        number_B = number_B.masked_fill(done_B, EOS)
        said.append(number_B)
        done_B = done_B | (number_B == EOS) | (length_B <= len(said))
        ids_B1 = number_B[:, None]
    numbers = torch.stack(said, dim=1).tolist()
    return [row[: row.index(EOS)] if EOS in row else row for row in numbers], score_B.exp()
