"""From a recogniser's outputs to transcripts."""

from .align import align, words_of
from .attention import greedy_attention
from .beam import Beam, Hypothesis, beam_search
from .choose import choose_weights
from .config import DecodingConfig, Search
from .ctc import BestPath, collapse, greedy_ctc
from .fusion import Fusion, Weights, fusion_of, language_scores
from .prefixes import Prefixes
from .spelling import SpellingConfig, beam_attention
from .transcribe import Transcriber, attention_scores, log_probs_of, weights_of
from .transcript import Alternative, SpeechPrediction, Transcript, Word, joined, prediction_of

__all__ = [
    "Alternative",
    "Beam",
    "BestPath",
    "DecodingConfig",
    "Fusion",
    "Hypothesis",
    "Prefixes",
    "Search",
    "SpeechPrediction",
    "SpellingConfig",
    "Transcriber",
    "Transcript",
    "Weights",
    "Word",
    "align",
    "attention_scores",
    "beam_attention",
    "beam_search",
    "choose_weights",
    "collapse",
    "fusion_of",
    "greedy_attention",
    "greedy_ctc",
    "joined",
    "language_scores",
    "log_probs_of",
    "prediction_of",
    "weights_of",
    "words_of",
]
