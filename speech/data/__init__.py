"""Recordings and transcripts, and their way to batches of log-mel frames and ids of units."""

from .augment import AugmentConfig
from .features import SpeechFeatures, SpeechFeaturesConfig, mel_of, subsampled, transcripts
from .read import Clip, clean, read
from .source import SpeechSource
from .vocabulary import BLANK, BOS, EOS, Vocabulary, steps_needed

__all__ = [
    "BLANK",
    "BOS",
    "EOS",
    "AugmentConfig",
    "Clip",
    "SpeechFeatures",
    "SpeechFeaturesConfig",
    "SpeechSource",
    "Vocabulary",
    "clean",
    "mel_of",
    "read",
    "steps_needed",
    "subsampled",
    "transcripts",
]
