"""Long texts as several windows of like length, none of them silently cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """Where the windows of rows lie in one flat array of token ids.

    Window w covers `lengths[w]` tokens: the mark that opens its row, tokens from `bodies[w]` on, and the mark that ends
    the row. Row r has the windows `firsts[r]` … `firsts[r + 1]` − 1.
    """

    opens: Integers
    bodies: Integers
    ends: Integers
    lengths: Integers
    firsts: Integers

    @property
    def row_lengths(self) -> Integers:
        """Return the tokens of each row, marks of its windows included."""
        return np.add.reduceat(self.lengths, self.firsts[:-1]) if len(self.lengths) else self.lengths

    def of(self, rows: Integers) -> tuple[Integers, Integers]:
        """Return the windows of some rows, in order, and for each window the place of its row among them."""
        counts = self.firsts[rows + 1] - self.firsts[rows]
        place = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.firsts[rows][place] + within, place

    def places(self, windows: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Return where in the flat array each token of some windows stands (W, L), and which are real."""
        columns, lengths = np.arange(int(self.lengths[windows].max())), self.lengths[windows][:, None]
        at = self.bodies[windows][:, None] + columns - 1
        at = np.where(columns == 0, self.opens[windows][:, None], at)
        at = np.where(columns == lengths - 1, self.ends[windows][:, None], at)
        keep = columns < lengths
        return np.where(keep, at, 0), keep


def cut(starts: Integers, lengths: Integers, max_length: int, max_windows: int) -> Windows:
    """Cut rows of a flat array, each with a mark at both ends, into windows of at most `max_length` tokens.

    The windows of a row have like lengths, so that none is mostly padding. Of a text that needs more than `max_windows`
    so many are taken, evenly spaced.

    >>> windows = cut(np.array([0]), np.array([12]), max_length=7, max_windows=8)
    >>> windows.lengths.tolist(), windows.places(np.array([0, 1]))[0].tolist()
    ([7, 7], [[0, 1, 2, 3, 4, 5, 11], [0, 6, 7, 8, 9, 10, 11]])
    """
    inner, most = np.maximum(lengths - 2, 0), max_length - 2
    needed = np.maximum(1, -(-inner // most))
    counts = np.minimum(needed, max_windows)
    firsts = np.concatenate([[0], np.cumsum(counts)])
    row = np.repeat(np.arange(len(starts)), counts)
    number = np.arange(len(row)) - firsts[:-1][row]
    size = np.minimum(most, -(-inner // counts))[row]
    spare = (inner[row] - size).clip(min=0)
    begin = np.where(counts[row] > 1, number * spare // np.maximum(1, counts[row] - 1), 0)
    # Neighbouring windows overlap by what rounding leaves; where windows are spaced, they leave tokens out.
    begin = np.where(needed[row] <= max_windows, np.minimum(number * size, spare), begin)
    body = starts[row] + 1 + begin
    marks = np.minimum(lengths[row], 2)
    return Windows(starts[row], body, starts[row] + lengths[row] - 1, size + marks, firsts)
