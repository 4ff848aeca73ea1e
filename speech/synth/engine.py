"""eSpeak NG, which the extra `synth` brings.

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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import BadValue, MissingPackage, SynthesisFailed, UnknownName
from ..audio import Wave

_SYNCHRONOUS, _UTF8, _CHARACTER = 2, 1, 1
_SPEED, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_DONT_EXIT = 0x8000
_LOCK = threading.Lock()
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(
    text: str, voice: str = "en-us", *, speed: int = 160, pitch: int = 50, intonation: int = 50
) -> tuple[Wave, int]:
    """Return the wave of a text and its sample rate in Hz.

    `speed` is in words a minute (80 … 450); `pitch` and its range, the `intonation`, lie in 0 … 100. Raises
    ConfigError where the extra is not installed or there is no such voice, FourfoldError where it is silent.
    """
    if not 80 <= speed <= 450:
        raise BadValue(f"speed ({speed}) must be in 80 … 450 words a minute")
    for name, value in (("pitch", pitch), ("intonation", intonation)):
        if not 0 <= value <= 100:
            raise BadValue(f"{name} ({value}) must be in 0 … 100")
    with _LOCK, _engine() as engine:
        return engine.speak(text, voice, {_SPEED: speed, _VOLUME: 100, _PITCH: pitch, _RANGE: intonation})


def check_voices(voices: Iterable[str]) -> None:
    """Raise ConfigError where the extra is not installed, or one of the voices is not there."""
    with _LOCK, _engine() as engine:
        for voice in voices:
            engine.set_voice(voice)


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
            raise SynthesisFailed(f"eSpeak NG cannot read its data in {data}; install it again: {INSTALL}")
        library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        library.espeak_ng_SetRandSeed(0)  # of the voices' breath; the clock's otherwise
        self.variants = {path.name for path in Path(data, "voices", "!v").iterdir()}
        self.chunks: list[Wave] = []
        self.callback = _CALLBACK(self._receive)  # the library holds no reference to it
        library.espeak_SetSynthCallback(self.callback)

    def set_voice(self, voice: str) -> None:
        """Choose a voice, LANGUAGE or LANGUAGE+VARIANT; the library takes a variant that is not there for none."""
        variant = voice.partition("+")[2]
        known = not variant or variant in self.variants
        if not known or self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise UnknownName(f"eSpeak NG has no voice '{voice}'; try en, en-us, de or en-us+f3")

    def speak(self, text: str, voice: str, settings: dict[int, int]) -> tuple[Wave, int]:
        self.set_voice(voice)
        for name, value in settings.items():
            self.library.espeak_SetParameter(name, value, 0)
        self.chunks.clear()
        encoded = text.encode() + b"\0"
        status = self.library.espeak_Synth(encoded, len(encoded), 0, _CHARACTER, 0, _UTF8, None, None)
        if status != 0 or not any(map(np.any, self.chunks)):  # an empty text is a moment of silence
            raise SynthesisFailed(f"eSpeak NG said nothing for '{text}' (status {status}); give it words")
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
        raise MissingPackage(f"synthetic speech needs eSpeak NG; {INSTALL}") from None
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    try:
        yield _Engine(library, espeakng_loader.get_data_path())
    finally:
        library.espeak_Terminate()
        if sys.platform == "win32":
            _ctypes.FreeLibrary(library._handle)
        else:
            _ctypes.dlclose(library._handle)
