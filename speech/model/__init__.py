"""The speech recogniser on the core encoder and decoder."""

from .recogniser import ModelState, SpeechModel, SpeechModelConfig, SpeechOutput
from .subsampling import Subsampling, keep_mask

__all__ = ["ModelState", "SpeechModel", "SpeechModelConfig", "SpeechOutput", "Subsampling", "keep_mask"]
