"""What the ViT and the models of timm have in common."""

from __future__ import annotations

from typing import Self

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm


class ImageModel(nn.Module):
    """A model whose batch norms can keep their statistics."""

    keeps_statistics = False

    def train(self, mode: bool = True) -> Self:
        """Set the mode; where it `keeps_statistics`, batch norms go on as in evaluation.

        So pretrained ones should: a few steps on small batches spoil what they know of all images, and with it the
        weights that were learned for them.
        """
        super().train(mode)
        for module in self.modules():
            if self.keeps_statistics and isinstance(module, BatchNorm):
                module.eval()
        return self
