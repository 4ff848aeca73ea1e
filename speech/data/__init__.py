"""Recordings and transcripts, and their way to batches of log-mel frames and ids of units."""

from .augment import AugmentConfig
from .check import examine, speakers
from .clips import Clip, as_samples, clean
from .features import SpeechFeatures, SpeechFeaturesConfig, mel_of, subsampled, transcripts
from .folders import divided, noises, sounds_in
from .mels import MelTable
from .noise import Noise
from .pieces import fit_pieces
from .read import read
from .recordings import Recordings
from .source import SpeechSource
from .vocabulary import BLANK, BOS, EOS, Vocabulary, plain, steps_needed

__all__ = [
    "BLANK",
    "BOS",
    "EOS",
    "AugmentConfig",
    "Clip",
    "MelTable",
    "Noise",
    "Recordings",
    "SpeechFeatures",
    "SpeechFeaturesConfig",
    "SpeechSource",
    "Vocabulary",
    "as_samples",
    "clean",
    "divided",
    "examine",
    "fit_pieces",
    "mel_of",
    "noises",
    "plain",
    "read",
    "sounds_in",
    "speakers",
    "steps_needed",
    "subsampled",
    "transcripts",
]
