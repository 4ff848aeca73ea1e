"""Tokenizers that are learned from the training texts."""

from .special import CLS, MASK, PAD, SEP, SPECIAL, UNKNOWN
from .train import KINDS, TokenizerKind, train_tokenizer

__all__ = ["CLS", "KINDS", "MASK", "PAD", "SEP", "SPECIAL", "UNKNOWN", "TokenizerKind", "train_tokenizer"]
