"""Pretrained text models of Hugging Face: BERT, RoBERTa and DistilBERT, in and out.

pretrained = read_pretrained("distilbert/distilbert-base-uncased")
model = TextModel(pretrained.config, pretrained.vocab_size, num_classes=3)
start(model, pretrained)
…
save_pretrained(model, "reviews", kind=pretrained.kind, tokenizer=pretrained.tokenizer)
"""

from .base import Kind
from .reading import Pretrained, read_pretrained
from .saving import kind_of, save_pretrained
from .starting import start
from .tokenizer import special_tokens

__all__ = [
    "Kind",
    "Pretrained",
    "kind_of",
    "read_pretrained",
    "save_pretrained",
    "special_tokens",
    "start",
]
