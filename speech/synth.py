"""Synthetic speech by eSpeak NG, for the demo and the tests; the extra `synth` brings it.

The library comes in the wheel `espeakng-loader` (GPL) and is called through ctypes. It keeps its state in
globals, which no call of it puts back: so every utterance loads it afresh (8 ms), under a lock, and the same
text always gives the same samples.
"""

from __future__ import annotations

import _ctypes
import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.errors import ConfigError, FourfoldError
from .audio import Wave, resample

RATE = 16000
"""The sample rate in Hz of `spoken_numbers`."""

VOICES = ("en-us", "en-us+m3", "en-us+m7", "en-us+f2", "en-us+f4", "en", "en+m2", "en+f3", "en-gb-scotland")

_SYNCHRONOUS, _UTF8, _CHARACTER = 2, 1, 1
_SPEED, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_DONT_EXIT = 0x8000
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_LOCK = threading.Lock()
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(
    text: str, voice: str = "en-us", *, speed: int = 160, pitch: int = 50, intonation: int = 50
) -> tuple[Wave, int]:
    """Return the wave of a text and its sample rate in Hz.

    `speed` is in words a minute (80 … 450); `pitch` and its range, the `intonation`, lie in 0 … 100. Raises
    ConfigError where the extra is not installed or there is no such voice.
    """
    if not 80 <= speed <= 450:
        raise ConfigError(f"speed ({speed}) must be in 80 … 450 words a minute")
    for name, value in (("pitch", pitch), ("intonation", intonation)):
        if not 0 <= value <= 100:
            raise ConfigError(f"{name} ({value}) must be in 0 … 100")
    with _LOCK, _engine() as engine:
        return engine.speak(text, voice, {_SPEED: speed, _VOLUME: 100, _PITCH: pitch, _RANGE: intonation})


def spoken_numbers(count: int, seed: int = 0) -> tuple[list[Wave], list[str]]:
    """Return waves at 16 kHz of numbers from 0 to 99, by several voices, speeds and pitches, and texts."""
    random = np.random.default_rng(seed)
    texts = [number_words(int(number)) for number in random.integers(0, 100, count)]
    waves = []
    for text in texts:
        voice = VOICES[random.integers(len(VOICES))]
        speed, pitch = int(random.integers(130, 211)), int(random.integers(30, 71))
        wave, rate = speak(text, voice, speed=speed, pitch=pitch)
        waves.append(resample(wave, rate, RATE))
    return waves, texts


def number_words(number: int) -> str:
    """Return a number from 0 to 99 in words.

    >>> number_words(42), number_words(7), number_words(90)
    ('forty two', 'seven', 'ninety')
    """
    small, tens = _SMALL.split(), _TENS.split()
    if number < 20:
        return small[number]
    return tens[number // 10 - 2] + (f" {small[number % 10]}" if number % 10 else "")


class _Engine:
    """The library, loaded and started; there can be one at a time."""

    def __init__(self, library: Any, data: str) -> None:
        self.library = library
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        self.rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)
        if self.rate <= 0:
            raise FourfoldError(f"eSpeak NG cannot read its data in {data}; install it again: {INSTALL}")
        library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        library.espeak_ng_SetRandSeed(0)  # of the voices' breath; the clock's otherwise
        self.chunks: list[Wave] = []
        self.callback = _CALLBACK(self._receive)  # the library holds no reference to it
        library.espeak_SetSynthCallback(self.callback)

    def speak(self, text: str, voice: str, settings: dict[int, int]) -> tuple[Wave, int]:
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ConfigError(f"eSpeak NG has no voice '{voice}'; try en, en-us, de or en-us+f3")
        for name, value in settings.items():
            self.library.espeak_SetParameter(name, value, 0)
        self.chunks.clear()
        encoded = text.encode() + b"\0"
        status = self.library.espeak_Synth(encoded, len(encoded), 0, _CHARACTER, 0, _UTF8, None, None)
        if status != 0 or not self.chunks:
            raise FourfoldError(f"eSpeak NG said nothing for '{text}' (status {status}); give it words")
        return np.concatenate(self.chunks), self.rate

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if samples and count:
            pcm = np.ctypeslib.as_array(samples, (count,))
            self.chunks.append((pcm / 32768).astype(np.float32))
        return 0


INSTALL = "pip install 'fourfold[synth]'"


@contextlib.contextmanager
def _engine() -> Iterator[_Engine]:
    try:
        import espeakng_loader
    except ImportError:
        raise ConfigError(f"synthetic speech needs eSpeak NG; {INSTALL}") from None
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    try:
        yield _Engine(library, espeakng_loader.get_data_path())
    finally:
        library.espeak_Terminate()
        if sys.platform == "win32":
            _ctypes.FreeLibrary(library._handle)
        else:
            _ctypes.dlclose(library._handle)
