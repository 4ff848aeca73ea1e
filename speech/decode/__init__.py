"""From a recogniser's outputs to transcripts."""

from .align import align, words_of
from .attention import greedy_attention
from .beam import Hypothesis, beam_search
from .choose import choose_weights
from .config import DecodingConfig, Search
from .ctc import collapse, greedy_ctc
from .fusion import Fusion, Weights, fusion_of, language_scores
from .transcribe import Transcriber, attention_scores, log_probs_of, weights_of
from .transcript import Alternative, Transcript, Word, joined

__all__ = [
    "Alternative",
    "DecodingConfig",
    "Fusion",
    "Hypothesis",
    "Search",
    "Transcriber",
    "Transcript",
    "Weights",
    "Word",
    "align",
    "attention_scores",
    "beam_search",
    "choose_weights",
    "collapse",
    "fusion_of",
    "greedy_attention",
    "greedy_ctc",
    "joined",
    "language_scores",
    "log_probs_of",
    "weights_of",
    "words_of",
]
