"""Recordings as the inputs of `Examples`: clips, and the frames that were made of them when they were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, overload

import numpy as np

from ...core.batch import Rows
from ..audio import AudioConfig
from .clips import Clip, open_clips
from .mels import MelTable, make_mels

HIGHEST = 16000
"""The rate in Hz that is chosen at most: speech has little above half of it."""


class Recordings(Sequence[Clip]):
    """A list of clips that knows the frames of all: of each way to make them, they are made once.

    `rate` is the sample rate to make them at where none is set: the lowest, at most 16 kHz.
    """

    def __init__(self, clips: Iterable[Clip], rate: int = 0, tables: dict[AudioConfig, MelTable] | None = None) -> None:
        self.clips = list(clips)
        self.rate = rate or min(HIGHEST, *(clip.rate for clip in self.clips if clip.rate), HIGHEST)
        self._tables = tables or {}

    @classmethod
    def read(cls, clips: Sequence[Clip], audio: AudioConfig) -> tuple[Recordings, dict[int, str]]:
        """Open and decode clips; return them, and what is wrong with which rows."""
        opened, errors = open_clips(clips, audio.longest)
        found = cls(opened)
        made = found.mels(found.resolved(audio)).errors
        return found, dict(sorted((errors | made).items()))

    def resolved(self, audio: AudioConfig) -> AudioConfig:
        """Return `audio` with the rate of these recordings, where it sets none."""
        return replace(audio, sample_rate=audio.sample_rate or self.rate)

    def mels(self, audio: AudioConfig) -> MelTable:
        """Return the frames of all recordings, those of rows that cannot be read excepted."""
        if audio not in self._tables:
            self._tables[audio] = make_mels(self.clips, audio)
        return self._tables[audio]

    def take(self, rows: Rows) -> Recordings:
        """Return some rows, in the given order."""
        rows = np.asarray(rows, np.int64)
        tables = {audio: table.take(rows) for audio, table in self._tables.items()}
        return Recordings([self.clips[row] for row in rows], self.rate, tables)

    def __len__(self) -> int:
        return len(self.clips)

    @overload
    def __getitem__(self, item: int) -> Clip: ...
    @overload
    def __getitem__(self, item: slice) -> list[Clip]: ...
    def __getitem__(self, item: int | slice) -> Clip | list[Clip]:
        return self.clips[item]


def as_recordings(inputs: Any) -> Recordings:
    """Return the inputs of examples as recordings; a plain list of clips is opened first."""
    return inputs if isinstance(inputs, Recordings) else Recordings(open_clips(list(inputs))[0])
