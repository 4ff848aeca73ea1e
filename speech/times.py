"""Words with their times as text: NIST's CTM, or JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath

from ..core.report import plain_json
from .decode import Word


def ctm(names: Sequence[str], words: Sequence[Sequence[Word]]) -> str:
    """Return a line for each word: recording, channel, start and length in seconds, word, confidence.

    >>> ctm(["talk.wav"], [[Word("so", 0.5, 0.75, 0.9)]])
    'talk 1 0.500 0.250 so 0.9000\\n'
    """
    return "".join(
        f"{'_'.join(PurePath(name).stem.split())} 1 {word.start:.3f} {word.end - word.start:.3f} {word.word} "
        f"{word.confidence:.4f}\n"
        for name, said in zip(names, words, strict=True)
        for word in said
    )


def json_lines(names: Sequence[str], words: Sequence[Sequence[Word]]) -> str:
    """Return an object for each recording.

    >>> json_lines(["talk.wav"], [[Word("so", 0.5, 0.75, 0.9)]])
    '{"audio": "talk.wav", "words": [{"word": "so", "start": 0.5, "end": 0.75, "confidence": 0.9}]}\\n'
    """
    rows = zip(names, words, strict=True)
    return "".join(plain_json({"audio": name, "words": list(said)}) + "\n" for name, said in rows)


WRITERS: dict[str, Callable[[Sequence[str], Sequence[Sequence[Word]]], str]] = {".ctm": ctm, ".jsonl": json_lines}
