"""What flows through a model: examples become batches of tensors.

An `Examples` is what a data adapter read, in the row order of its file. A `Source` turns rows of it into a `Batch`.
A `Draw` is the only randomness that a source may use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Rows as a data adapter read them.

    `inputs` is a list, an array, a DataFrame or a lazy sequence with a `take`, of N rows; `labels` is an array of N raw
    labels or None; `place(i)` names row i as a person would look it up (`train.csv:3`); `errors` holds the rows that
    could not be read, by number. `notes` say what a person should know of the reading ("reviews.csv: read as GB18030");
    `columns` holds the columns that were read, by their roles, where an adapter chose them; `encoding` is that of the
    text file. `groups` numbers rows that say something of each other, and so belong on the same side of a split.
    """

    inputs: Any
    labels: npt.NDArray[Any] | None = None
    name: str = "data"
    place: Callable[[int], str] = field(default=lambda row: f"row {row}", repr=False)
    errors: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    groups: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def blocks(self) -> Iterator[Examples]:
        """Yield the rows in order: of a table on the disk block by block, of all else at once."""
        if not getattr(self.inputs, "masked", False):
            yield self
            return
        start = 0
        for inputs in self.inputs.blocks():
            end = start + len(inputs)
            yield replace(
                self,
                inputs=inputs,
                labels=None if self.labels is None else self.labels[start:end],
                place=lambda row, place=self.place, start=start: place(start + row),  # type: ignore[misc]
                errors={row - start: why for row, why in self.errors.items() if start <= row < end},
            )
            start = end

    def take(self, rows: Rows | npt.NDArray[np.bool_]) -> Examples:
        """Return the given rows (a mask, or numbers in any order); their places stay those of the original."""
        chosen = np.asarray(rows)
        if chosen.dtype != np.bool_:
            chosen = chosen.astype(np.int64)
        return replace(
            self,
            inputs=_take(self.inputs, chosen),
            labels=None if self.labels is None else self.labels[chosen],
            groups=None if self.groups is None else self.groups[chosen],
            place=lambda row, place=self.place: place(_nth(chosen, row)),  # type: ignore[misc]
            errors=self._errors_of(chosen) if self.errors else {},
        )

    def _errors_of(self, chosen: npt.NDArray[Any]) -> dict[int, str]:
        rows = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        wrong = np.flatnonzero(np.isin(rows, np.fromiter(self.errors, np.int64)))
        return {int(position): self.errors[int(rows[position])] for position in wrong}


def _take(inputs: Any, chosen: npt.NDArray[Any]) -> Any:
    if hasattr(inputs, "iloc"):
        return inputs.iloc[chosen]
    if isinstance(inputs, np.ndarray):
        return inputs[chosen]
    if getattr(inputs, "masked", False):  # a table that is too large for the numbers of its rows
        return inputs.take(chosen)
    rows = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
    return inputs.take(rows) if hasattr(inputs, "take") else [inputs[row] for row in rows]


def _nth(chosen: npt.NDArray[Any], row: int) -> int:
    return int(np.flatnonzero(chosen)[row] if chosen.dtype == np.bool_ else chosen[row])


@dataclass(frozen=True)
class Batch:
    """Named tensors whose first dimension is the row.

    >>> batch = Batch({"ids": torch.zeros(2, 5)})
    >>> len(batch), batch["ids"].shape
    (2, torch.Size([2, 5]))
    """

    tensors: dict[str, Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`; the copy does not wait where the memory is pinned."""
        return Batch({name: tensor.to(device, non_blocking=True) for name, tensor in self.tensors.items()})

    def pin_memory(self) -> Batch:
        """Return the batch in page-locked memory (called by torch's loader)."""
        return Batch({name: tensor.pin_memory() for name, tensor in self.tensors.items()})


@dataclass(frozen=True)
class Draw:
    """Counted randomness: a pure function of (seed, epoch, sample), so that a resumed run draws the same.

    `progress` is the share of training that is over, in [0, 1), for what grows or fades with it.

    >>> draw = Draw(seed=1, epoch=0)
    >>> bool((draw.uniform(np.array([3, 7]), 4)[1] == draw.uniform(np.array([7]), 4)[0]).all())
    True
    """

    seed: int
    epoch: int
    progress: float = 0.0

    def uniform(self, rows: Rows, count: int, stream: int = 0) -> npt.NDArray[np.float64]:
        """Return (len(rows), count) numbers in [0, 1): row i's depend on (seed, epoch, rows[i], stream) alone."""
        bits = self._bits(rows, count, stream)
        numbers: npt.NDArray[np.float64] = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return numbers

    def chance(self, rows: Rows, count: int, share: float, stream: int = 0) -> npt.NDArray[np.bool_]:
        """Return (len(rows), count) draws that are true with the probability `share`, to one in 65,536.

        Four draws come from one 64-bit number: a quarter of what `uniform` costs.

        >>> bool(Draw(seed=1, epoch=0).chance(np.arange(10_000), 3, 0.25).mean().round(2) == 0.25)
        True
        """
        quarters = self._bits(rows, -(-count // 4), stream).astype("<u8", copy=False).view("<u2")
        found: npt.NDArray[np.bool_] = quarters[:, :count] < round(share * 65_536)
        return found

    def _bits(self, rows: Rows, count: int, stream: int) -> npt.NDArray[np.uint64]:
        """Return (len(rows), count) random words."""
        key = _mix(_mix(_mix(np.uint64(self.seed)) ^ np.uint64(self.epoch)) ^ np.uint64(stream))
        per_row = _mix(np.asarray(rows).astype(np.uint64) ^ key)
        steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        found: npt.NDArray[np.uint64] = _mix(per_row[:, None] + steps)
        return found

    def generator(self, stream: int = 0) -> np.random.Generator:
        """Return a generator for what concerns the whole epoch, such as the order of its batches."""
        return np.random.default_rng((self.seed, self.epoch, stream))


def _mix(x: Any) -> Any:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


class Source(Protocol):
    """Rows that can be made into batches; all that the trainer knows of a domain's data.

    `lengths` holds the cost of each row in tokens or frames, or is None where all rows cost the same. `batch` gathers
    whole batches at once; `draw` is None in evaluation, else the only randomness for augmentation.
    """

    lengths: npt.NDArray[np.int64] | None

    def __len__(self) -> int: ...

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch: ...


@runtime_checkable
class Stretching(Source, Protocol):
    """A source whose augmentation changes the lengths of its rows; `drawn_lengths` returns those of a draw's epoch."""

    def drawn_lengths(self, draw: Draw) -> npt.NDArray[np.int64]: ...


def pad(sequences: Sequence[npt.NDArray[Any]], value: float = 0) -> tuple[Tensor, Tensor]:
    """Stack sequences of shapes (L_i, …) into (B, max L, …); return it with the mask (B, max L), True where real.

    >>> values, keep = pad([np.array([1, 2, 3]), np.array([4])])
    >>> values.tolist(), keep.tolist()
    ([[1, 2, 3], [4, 0, 0]], [[True, True, True], [True, False, False]])
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    keep = np.arange(max(1, lengths.max()))[None, :] < lengths[:, None]
    out = np.full((*keep.shape, *sequences[0].shape[1:]), value, dtype=sequences[0].dtype)
    out[keep] = np.concatenate(sequences)
    return torch.from_numpy(out), torch.from_numpy(keep)
