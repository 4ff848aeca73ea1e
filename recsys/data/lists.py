"""Columns whose cells hold several values: bags of them, or behaviour sequences, the latest last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.errors import WrongColumns
from .cells import Coded, Column
from .config import ClickFeaturesConfig
from .schema import Categorical, Ids, Learning

SEPARATOR = "|"


@dataclass(frozen=True, kw_only=True)
class Several:
    """A column of lists of names; of each the last `most` count.

    `field` has the vocabulary. A column that is `shared` speaks of the values of the field of that name, and is
    embedded by its rows; `ordered` says that it is a sequence.
    """

    name: str
    field: Categorical
    most: int
    ordered: bool = False
    shared: bool = False

    def encode(self, column: Column) -> Ids:
        """Return the ids (N, most) of the values, 0 behind them.

        >>> import pyarrow as pa
        >>> jobs = Categorical(name="job", values=pa.array(["baker", "nurse"], pa.large_string()))
        >>> Several(name="jobs", field=jobs, most=2).encode(pd.Series(["nurse", "poet|nurse|baker", None])).tolist()
        [[3, 0], [3, 2], [0, 0]]
        """
        values, lengths = pieces(column)
        ids = self.field.encode(values)
        row = np.repeat(np.arange(len(lengths)), lengths)
        place = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        place -= np.maximum(0, lengths - self.most)[row]
        found = np.zeros((len(lengths), self.most), np.int32)
        kept = place >= 0
        found[row[kept], place[kept]] = ids[kept]
        return found


def pieces(column: Column) -> tuple[Column, npt.NDArray[np.int64]]:
    """Return the values of all cells one after the other, and how many each cell has; texts are cut at "|"."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        cells = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise WrongColumns(
            f"column '{column.name}': cells of several kinds ({error}); make all of them lists, or texts"
        ) from None
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    if not (pa.types.is_list(cells.type) or pa.types.is_large_list(cells.type)):
        texts = cells.cast(pa.string())
        cells = pc.split_pattern(pc.if_else(pc.equal(texts, ""), None, texts), SEPARATOR)
    lengths = pc.list_value_length(cells).fill_null(0)
    values = pd.Series(cells.flatten().to_pandas(), name=column.name)
    return values, np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)


def learn(name: str, config: ClickFeaturesConfig) -> Learning:
    """Return what learns the vocabulary of a column of lists."""
    learning = Categorical.learn(name, config)

    def add(column: Column | Coded, share: npt.NDArray[np.bool_]) -> None:
        assert not isinstance(column, Coded)
        learning.add(pieces(column)[0], share)

    return Learning(add, learning.done)


def shared_field(entry: str) -> tuple[str, str]:
    """Return the column that an entry of `features.sequences` or `several` names, and the field whose values it has.

    >>> shared_field("history:item"), shared_field("tags")
    (('history', 'item'), ('tags', ''))
    """
    column, _, field = entry.partition(":")
    return column, field
