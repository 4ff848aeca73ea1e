"""The speech recogniser on the core encoder and decoder."""

from .recogniser import SpeechModel, SpeechModelConfig, SpeechOutput
from .subsampling import Subsampling, keep_mask

__all__ = ["SpeechModel", "SpeechModelConfig", "SpeechOutput", "Subsampling", "keep_mask"]
