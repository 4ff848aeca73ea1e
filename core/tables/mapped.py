"""Columns that lie in an Arrow file of a temporary folder, memory-mapped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..cache import Scratch, room_for, user_cache

if TYPE_CHECKING:
    import pandas as pd

_WHAT = "the rows of a table"


class RowsFile:
    """An Arrow file of rows in a temporary folder, which goes with its `owner`; DataError where there is no room.

    Unlike `with`, it says of each failure to write, also of the last bytes, and of no other, that there is no room.
    """

    def __init__(self, schema: Any):
        import pyarrow as pa

        self.owner = user_cache().scratch()
        self._path = str(self.owner.folder / "rows.arrow")
        with room_for(_WHAT, self.owner.folder.parent):
            self._file = pa.OSFile(self._path, "wb")
            self._writer = pa.ipc.new_file(self._file, schema)

    def write(self, rows: Any) -> None:
        """Write a table or batch."""
        with room_for(_WHAT, self.owner.folder.parent):
            self._writer.write(rows)

    def table(self) -> Any:
        """Return all that was written, memory-mapped: it stays readable even when the cache is cleaned."""
        import pyarrow as pa

        with room_for(_WHAT, self.owner.folder.parent):
            self._writer.close()
            self._file.close()
        return pa.ipc.open_file(pa.memory_map(self._path)).read_all()


def spill(columns: list[str], batches: Iterable[pd.DataFrame]) -> tuple[pd.DataFrame, Scratch]:
    """Write columns of strings batch by batch; return them, memory-mapped, with the owner of the file."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.large_string()) for name in columns])
    file = RowsFile(schema)
    for batch in batches:
        file.write(pa.Table.from_pandas(batch, schema=schema, preserve_index=False))
    return mapped_frame(file.table()), file.owner


def mapped_frame(table: Any) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame whose texts stay where they are; other columns are in memory."""
    import pandas as pd

    frame: pd.DataFrame = table.to_pandas(
        types_mapper=lambda kind: pd.ArrowDtype(kind) if _is_text(kind) else None,
        integer_object_nulls=True,  # as floats, large ones would lose digits
        ignore_metadata=True,
    )
    return frame


def arrow_column(values: pd.Series[Any]) -> Any:
    """Return the Arrow column behind a series of texts that `mapped_frame` made, or None."""
    import pandas as pd

    if isinstance(values.dtype, pd.ArrowDtype) and _is_text(values.dtype.pyarrow_dtype):
        return values.array.__arrow_array__()
    return None


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
