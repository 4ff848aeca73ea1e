"""Synthetic speech by eSpeak NG; the extra `synth` brings it."""

from .config import MANY_VOICES, SynthesisConfig
from .dataset import Synthesis, synthesize
from .engine import speak
from .numbers import RATE, VOICES, number_words, spoken_numbers

__all__ = [
    "MANY_VOICES",
    "RATE",
    "VOICES",
    "Synthesis",
    "SynthesisConfig",
    "number_words",
    "speak",
    "spoken_numbers",
    "synthesize",
]
