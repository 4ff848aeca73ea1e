"""The norms of a Transformer."""

from __future__ import annotations

from torch import nn

from .config import TransformerConfig


def make_norm(config: TransformerConfig) -> nn.Module:
    """Return LayerNorm (Ba et al., 2016) or RMSNorm (Zhang and Sennrich, 2019)."""
    if config.norm == "rms":
        return nn.RMSNorm(config.width, eps=config.norm_eps)
    return nn.LayerNorm(config.width, eps=config.norm_eps, bias=config.bias)
