"""The image classifier: tokens, the core encoder, pooling, one linear layer (a vision Transformer)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.nn import Dropout, Encoder, LearnedPositions, Pooling, make_norm
from .base import ImageModel
from .config import ViTConfig
from .positions import grid_positions, resized_positions
from .tokens import ConvolutionalTokens, PatchEmbedding

# Shapes: B batch, C channels, H height, W width of the image, L tokens, D width of the model, K classes.


class ViT(ImageModel):
    """A Transformer that puts images into classes (Dosovitskiy et al., 2021: "16×16 words").

    With `config.distilled` it is DeiT's (Touvron et al., "Training data-efficient image Transformers", 2021): the
    mean of both heads' answers counts.

    >>> model = ViT(ViTConfig(image_size=8), num_classes=10)
    >>> model(Batch({"image": torch.zeros(2, 3, 8, 8)})).shape
    torch.Size([2, 10])
    """

    def __init__(self, config: ViTConfig, num_classes: int) -> None:
        super().__init__()
        width = config.encoder.width
        self.config = config
        self.patches = ConvolutionalTokens(config) if config.convolutions else PatchEmbedding(config)
        self.class_token = nn.Parameter(torch.zeros(width)) if config.class_token else None
        self.distillation_token = nn.Parameter(torch.zeros(width)) if config.distilled else None
        self.positions = LearnedPositions(config.side**2 + config.extra_tokens, width)
        self.embedding_dropout = Dropout(config.dropout)
        self.encoder = Encoder(config.encoder)
        self.pooling = Pooling(config.pooling, width)
        self.norm = make_norm(config.encoder) if config.pooled_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(width, num_classes)
        self.distillation_head = nn.Linear(width, num_classes) if config.distilled else None
        self._begin()

    def _begin(self) -> None:
        """Draw the first weights of what is not the core's."""
        for token in self._tokens():
            nn.init.normal_(token, std=0.02)  # its position begins at zero
        if not self.positions.table.weight.is_meta:  # else there is nothing to fill
            with torch.no_grad():
                self.positions.table.weight.copy_(grid_positions(self.config))
        if self.config.positions == "sinusoidal":
            self.positions.table.weight.requires_grad_(False)
        for head in self.heads:
            nn.init.trunc_normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    @property
    def heads(self) -> list[nn.Linear]:
        """The linear layers that give the logits."""
        return [head for head in (self.head, self.distillation_head) if head is not None]

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, K) for `batch["image"]`, floats (B, C, S, S).

        Images of another size than was set have their positions resampled, as in progressive resizing.
        """
        x_BLD = self.hidden(batch)
        logits_BK: Tensor = self.head(self.dropout(self.norm(self._pooled(x_BLD))))
        if self.distillation_head is not None:
            also_BK: Tensor = self.distillation_head(self.dropout(self.norm(x_BLD[:, 1])))
            logits_BK = (logits_BK + also_BK) / 2
        return logits_BK

    def hidden(self, batch: Batch) -> Tensor:
        """Return what the encoder makes of the tokens (B, L, D); the class token alone where no other is read."""
        x_BLD = self.patches(batch["image"])
        extra = [token.to(x_BLD.dtype).expand(len(x_BLD), 1, -1) for token in self._tokens()]
        side = batch["image"].shape[-1] // self.config.stride
        x_BLD = torch.cat([*extra, x_BLD], dim=1) if extra else x_BLD
        first = self.config.extra_tokens if self.config.pooling == "first" else None
        out_BLD: Tensor = self.encoder(self.embedding_dropout(self._placed(x_BLD, side)), first=first)
        return out_BLD

    def _placed(self, x_BLD: Tensor, side: int) -> Tensor:
        if side == self.config.side:
            placed_BLD: Tensor = self.positions(x_BLD)
            return placed_BLD
        return x_BLD + resized_positions(self.positions.table.weight, self.config.extra_tokens, side)

    def _pooled(self, x_BLD: Tensor) -> Tensor:
        if self.config.pooling != "first":
            x_BLD = x_BLD[:, self.config.extra_tokens :]  # over patches only, as timm's
        pooled_BD: Tensor = self.pooling(x_BLD)
        return pooled_BD

    def _tokens(self) -> list[nn.Parameter]:
        return [token for token in (self.class_token, self.distillation_token) if token is not None]
