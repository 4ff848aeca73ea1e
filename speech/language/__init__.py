"""N-gram language models: estimated from text, in and out as ARPA files."""

from .arpa import read_arpa, write_arpa
from .estimate import LanguageConfig, estimate, text_lines
from .model import BEGIN, END, SPACE, UNKNOWN, LanguageModel, Perplexity, perplexity, tokens
from .trie import Trie

__all__ = [
    "BEGIN",
    "END",
    "SPACE",
    "UNKNOWN",
    "LanguageConfig",
    "LanguageModel",
    "Perplexity",
    "Trie",
    "estimate",
    "perplexity",
    "read_arpa",
    "text_lines",
    "tokens",
    "write_arpa",
]
