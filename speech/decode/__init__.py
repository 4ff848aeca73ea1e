"""From a recogniser's outputs to transcripts."""

from .attention import greedy_attention
from .ctc import collapse, greedy_ctc, prefix_beam
from .transcript import Transcript

__all__ = ["Transcript", "collapse", "greedy_attention", "greedy_ctc", "prefix_beam"]
