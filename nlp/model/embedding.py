"""From token ids to vectors."""

from __future__ import annotations

from torch import Tensor, nn

from ...core.nn import Dropout, LearnedPositions, make_norm
from .config import TextModelConfig

# Shapes: B batch, L length, D width.


class TextEmbedding(nn.Module):
    """Words, positions and segments, added up (Devlin et al., "BERT", 2019, figure 2)."""

    def __init__(self, config: TextModelConfig, vocab_size: int) -> None:
        super().__init__()
        width = config.encoder.width
        self.words = nn.Embedding(vocab_size, width)
        self.positions = (
            None if config.encoder.rotary else LearnedPositions(config.max_length, width, config.first_position)
        )
        self.segments = nn.Embedding(config.segments, width) if config.segments else None
        self.norm = make_norm(config.encoder) if config.embedding_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        for table in (self.words, self.segments):
            if table is not None:
                nn.init.trunc_normal_(table.weight, std=0.02)  # as BERT; the norm that follows sets the scale

    def forward(self, ids_BL: Tensor, segments_BL: Tensor | None = None, positions_BL: Tensor | None = None) -> Tensor:
        """Return (B, L, D); segments are all 0, and positions 0, 1, …, where not given."""
        x_BLD = self.words(ids_BL)
        if self.positions is not None:
            x_BLD = self.positions(x_BLD, positions_BL)
        if self.segments is not None:
            x_BLD = x_BLD + self._segment(segments_BL)
        out_BLD: Tensor = self.dropout(self.norm(x_BLD))
        return out_BLD

    def _segment(self, segments_BL: Tensor | None) -> Tensor:
        """Return the vectors of the segments, (B, L, D) or (D,); a model of one kind knows no second."""
        assert self.segments is not None
        if segments_BL is None or self.segments.num_embeddings == 1:
            return self.segments.weight[0]
        found: Tensor = self.segments(segments_BL)
        return found
