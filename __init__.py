"""Fourfold: one Transformer core that text, image, click and speech models share."""

__version__ = "0.1.0"
