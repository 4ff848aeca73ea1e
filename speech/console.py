"""`predict --stream`: partial results on a terminal, as lines or as JSON lines."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..core.errors import WrongUsage
from ..core.report import plain_json
from .audio import Arriving, arriving_bytes, arriving_file
from .decode import SpeechPrediction
from .stream import Partial, hearing_chunks

if TYPE_CHECKING:
    from .pipeline import SpeechRecognizer

STDIN = "-"


def stream(model: SpeechRecognizer, source: str, *, as_json: bool) -> None:
    """Hear a sound file, or standard input where `source` is "-", as it comes; print what is heard.

    On a terminal the partial result is a line that is written over; elsewhere each is a line of its own, the last of
    which is final, or with `as_json` an object. Standard input is a WAV or raw 16-bit little-endian mono PCM at the
    model's rate. Raises ConfigError for a model that hears whole recordings alone, DataError for what is no sound.
    """
    hearing_chunks(model.model_)  # or that is said, before anything is read
    arriving = _opened(source, model.features_.audio.sample_rate)
    heard, shown = model.create_stream(arriving.rate), _writer(model.details, as_json=as_json)
    least, most = heard.latency
    _tell(
        f"hears {heard.chunk_seconds:.2f} s at a time: what is said shows up {least:.2f} to {most:.2f} s later, "
        "plus the time to compute"
    )
    worked = 0.0
    try:
        with _stoppable() as stopped:
            for wave in arriving.blocks:
                start = time.monotonic()
                partial = heard.feed(wave)
                worked += time.monotonic() - start
                shown.partial(partial)
                if stopped:
                    break
            start = time.monotonic()
            final = heard.finish()
            worked += time.monotonic() - start
    finally:
        shown.clear()
    shown.final(final, round(heard.seconds, 3))
    _tell(f"heard {heard.seconds:.1f} s in {worked:.2f} s of computing (real-time factor {worked / heard.seconds:.3f})")


def _opened(source: str, rate: int) -> Arriving:
    if source != STDIN:
        return arriving_file(source)
    if sys.stdin.isatty():
        raise WrongUsage(
            f"predict: standard input is a terminal; pipe sound into it, as arecord -f S16_LE -r {rate} does"
        )
    return arriving_bytes(cast(BufferedReader, sys.stdin.buffer).read1, rate)


class _Writer(Protocol):
    """How results are shown."""

    def partial(self, partial: Partial) -> None: ...

    def clear(self) -> None: ...

    def final(self, answer: SpeechPrediction, seconds: float) -> None: ...


class _Terminal:
    """One line, written over."""

    def partial(self, partial: Partial) -> None:
        room = shutil.get_terminal_size().columns - 1
        text = partial.text if len(partial.text) <= room else "…" + partial.text[1 - room :]
        print(f"\r{text}\x1b[K", end="", flush=True)

    def clear(self) -> None:
        print("\r\x1b[K", end="", flush=True)

    def final(self, answer: SpeechPrediction, seconds: float) -> None:
        print(answer.label, flush=True)


class _Lines:
    """A line for each partial result that says something new, and the final one."""

    def __init__(self) -> None:
        self.last = ""

    def partial(self, partial: Partial) -> None:
        if partial.text != self.last:
            self.last = partial.text
            self.write(partial)

    def write(self, partial: Partial) -> None:
        print(partial.text, flush=True)

    def clear(self) -> None:
        pass

    def final(self, answer: SpeechPrediction, seconds: float) -> None:
        print(answer.label, flush=True)


class _JsonLines(_Lines):
    """The same as objects; the final one has what was asked for beside the text."""

    def __init__(self, details: dict[str, str]) -> None:
        super().__init__()
        self.details = {"confidence": "probability"} | details

    def write(self, partial: Partial) -> None:
        print(plain_json({**vars(partial), "final": False}), flush=True)

    def final(self, answer: SpeechPrediction, seconds: float) -> None:
        found = {"text": answer.label, "seconds": seconds, "final": True}
        more: dict[str, Any] = {name: getattr(answer, field) for name, field in self.details.items()}
        print(plain_json(found | more), flush=True)


def _writer(details: dict[str, str], *, as_json: bool) -> _Writer:
    if as_json:
        return _JsonLines(details)
    return _Terminal() if sys.stdout.isatty() else _Lines()


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """Let the first Ctrl-C end the sound, not the program: it goes into the list; the second does what it always does.

    A recorder before the pipe gets it, too, and ends.
    """
    stopped: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def stop(number: int, _: object) -> None:
        stopped.append(number)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
