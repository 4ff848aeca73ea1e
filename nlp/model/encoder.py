"""What every text model shares: the embedding and the core encoder."""

from __future__ import annotations

from torch import Tensor, nn

from ...core.batch import Batch
from ...core.nn import Encoder
from .config import TextModelConfig
from .embedding import TextEmbedding

# Shapes: B batch, L length, D width.


class TextEncoder(nn.Module):
    """The embedding and the core encoder; classifier and masked language model add their heads.

    Their weights have the same names in all of them (`embedding.…`, `encoder.…`), so that they move by name.

    >>> import torch
    >>> TextEncoder(TextModelConfig(), vocab_size=100).encode(Batch({"ids": torch.ones(2, 5, dtype=torch.int64)})).shape
    torch.Size([2, 5, 128])
    """

    def __init__(self, config: TextModelConfig, vocab_size: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = TextEmbedding(config, vocab_size)
        self.encoder = Encoder(config.encoder)

    def encode(self, batch: Batch, first: int | None = None) -> Tensor:
        """Return (B, L, D), or of each row the `first` tokens alone.

        `batch` holds `ids` (B, L), `keep` (B, L), which is left out where nothing is padded (faster), and
        perhaps `segments` (B, L) and `positions` (B, L).
        """
        positions_BL = batch.tensors.get("positions")
        x_BLD = self.embedding(batch["ids"], batch.tensors.get("segments"), positions_BL)
        out_BLD: Tensor = self.encoder(x_BLD, batch.tensors.get("keep"), positions_BL=positions_BL, first=first)
        return out_BLD


def draw_linear(linear: nn.Linear) -> None:
    """Draw the first weights of a head's layer, as BERT does."""
    nn.init.trunc_normal_(linear.weight, std=0.02)
    nn.init.zeros_(linear.bias)
