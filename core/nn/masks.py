"""Which token may look at which: boolean masks, True where attention is allowed.

They are built once per call of an encoder or decoder and broadcast to (B batch, H heads, L queries, M keys).
Every query may look at something, so that rows of nothing but padding give numbers (of no meaning), never
NaN.
"""

from __future__ import annotations

import torch
from torch import Tensor


def padding_mask(keep_BM: Tensor) -> Tensor:
    """Return the mask (B, 1, 1, M) of keys to look at; rows without any real key look at all of theirs.

    >>> padding_mask(torch.tensor([[True, False], [False, False]])).squeeze().tolist()
    [[True, False], [True, True]]
    """
    nothing_B1 = ~keep_BM.any(-1, keepdim=True)
    return (keep_BM | nothing_B1)[:, None, None, :]


def causal_mask(length: int, total: int, device: torch.device | None = None) -> Tensor:
    """Return the mask (L, M) by which the last `length` of `total` positions look back, and at themselves."""
    return torch.ones(length, total, dtype=torch.bool, device=device).tril(total - length)


def chunk_mask(
    length: int, chunk: int, history: int = 0, keep_BM: Tensor | None = None, device: torch.device | None = None
) -> Tensor:
    """Return the mask (L, L), or (B, 1, L, L), by which tokens see those of their own chunk and of chunks before.

    `history` is how many chunks before, 0: all. Padding, False in `keep_BM`, is seen by nobody but itself.

    >>> chunk_mask(4, 2).int().tolist()
    [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
    """
    number_L = torch.arange(length, device=device if keep_BM is None else keep_BM.device) // chunk
    ahead_LM = number_L[:, None] - number_L[None, :]
    mask_LM = ahead_LM >= 0
    if history:
        mask_LM &= ahead_LM <= history
    if keep_BM is None:
        return mask_LM
    itself_LM = torch.eye(length, dtype=torch.bool, device=keep_BM.device)
    return mask_LM & keep_BM[:, None, None, :] | itself_LM


def self_mask(
    keep_BM: Tensor | None,
    length: int,
    total: int,
    *,
    causal: bool = False,
    segments_BL: Tensor | None = None,
) -> tuple[Tensor | None, bool]:
    """Return the mask of self-attention, or None where none is needed, and whether `is_causal` does alone.

    `keep_BM` and `segments_BL` are the padding mask and the ids of packed rows, or None. The `length` queries
    are the last of `total` positions (more than `length` with a cache). `segments_BL` makes the mask
    block-diagonal.
    """
    if keep_BM is None and segments_BL is None:
        if not causal or length == 1:
            return None, False
        return (None, True) if length == total else (causal_mask(length, total), False)
    if segments_BL is not None:
        # Padding is a segment of its own: it sees itself, and nobody else sees it.
        segments_BL = segments_BL if keep_BM is None else segments_BL.masked_fill(~keep_BM, -1)
        mask = segments_BL[:, None, :, None] == segments_BL[:, None, None, :]
        return (mask & causal_mask(length, total, mask.device) if causal else mask), False
    assert keep_BM is not None
    if not causal:
        return padding_mask(keep_BM), False
    past = causal_mask(length, total, keep_BM.device)
    itself = past.triu(total - length)  # also where it is padding, so that no query is left with nothing
    return past & keep_BM[:, None, None, :] | itself, False
