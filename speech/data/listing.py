"""What a reader lists before anything is opened: clips, transcripts and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.batch import Examples
from ..audio import AudioConfig
from .clips import Clip
from .recordings import Recordings


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Clips that nobody has opened, their transcripts ("" where one is empty) and the rest of `Examples`."""

    clips: list[Clip]
    texts: npt.NDArray[Any] | None
    name: str
    place: Callable[[int], str] = field(repr=False)
    errors: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None

    def opened(self, audio: AudioConfig) -> Examples:
        """Open and decode the clips; rows that cannot be read are kept in `errors`."""
        inputs, errors = Recordings.read(self.clips, audio)
        return Examples(
            inputs=inputs,
            labels=self.texts,
            name=self.name,
            place=self.place,
            errors=dict(sorted((errors | self.errors).items())),
            notes=self.notes,
            columns=self.columns,
            encoding=self.encoding,
        )


def texts_of(texts: list[str]) -> npt.NDArray[Any]:
    """Return transcripts as an array of objects, which long ones need."""
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found
