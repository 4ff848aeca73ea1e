"""What was made of a table's cells while its fields were learned, kept until the same table is encoded."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .cells import Coded, Column

_MOST = 20_000_000
"""Cells that are kept, of some 6 bytes each."""


@dataclass(eq=False)
class Seen:
    """The columns of each block of one table, by the block's first row and its length, as codes or numbers; gone once
    they are taken, or with the table. Of larger tables the first blocks are kept.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": ["31"]})
    >>> seen = Seen.of(table)
    >>> seen.keep(0, "age", pd.Series([31.0]))
    >>> list(seen.taken(table.copy())), list(seen.taken(table)), list(seen.taken(table))
    ([], [(0, 1)], [])
    """

    blocks: dict[tuple[int, int], dict[str, Column | Coded]] = field(default_factory=dict)
    cells: int = 0
    table: Any = None

    @classmethod
    def of(cls, table: Any) -> Seen:
        """Return what is to hold the columns of a table."""
        seen = cls()
        seen.table = weakref.ref(table, lambda _: seen.blocks.clear())
        return seen

    def keep(self, start: int, name: str, column: Column | Coded) -> None:
        """Keep a column of the block that begins at a row, unless there are too many."""
        rows = len(column.codes if isinstance(column, Coded) else column)
        if self.cells + rows <= _MOST:
            self.cells += rows
            kept = Coded(column.codes.astype(np.int32), column.names) if isinstance(column, Coded) else column
            self.blocks.setdefault((start, rows), {})[name] = kept

    def taken(self, table: Any) -> Mapping[tuple[int, int], Mapping[str, Column | Coded]]:
        """Return the columns if they are those of this very table, and forget them."""
        if self.table is None or self.table() is not table:
            return {}
        found, self.blocks, self.table = self.blocks, {}, None
        return found
