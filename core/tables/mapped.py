"""Columns that lie in an Arrow file of a temporary folder, memory-mapped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..cache import Scratch, room_for, user_cache

if TYPE_CHECKING:
    import pandas as pd

TABLE = "the rows of a table"


def spill(columns: list[str], batches: Iterable[pd.DataFrame]) -> tuple[pd.DataFrame, Scratch]:
    """Write columns of strings batch by batch; return them, memory-mapped, with the owner of the file."""
    import pyarrow as pa

    owner = user_cache().scratch()
    path = owner.folder / "rows.arrow"
    schema = pa.schema([(name, pa.large_string()) for name in columns])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in batches:
            with room_for(TABLE, owner.folder.parent):
                writer.write_table(pa.Table.from_pandas(batch, schema=schema, preserve_index=False))
    return mapped_frame(pa.ipc.open_file(pa.memory_map(str(path))).read_all()), owner


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
