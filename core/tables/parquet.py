"""Parquet files."""

from __future__ import annotations

from pathlib import Path

from ..errors import DamagedFile, WrongFormat
from .table import Content


def read_parquet(path: Path) -> Content:
    """Read a Parquet file; a row's line is its number, from 1."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            table = file.read()
    except (pa.ArrowException, UnicodeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise WrongFormat(f"{path.name}: not a Parquet file ({reason}); write it again or give a CSV") from None
    try:
        table.validate(full=True)
        frame = table.to_pandas()
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:  # such as those of damaged notes of pandas
        reason = str(error).splitlines()[0]
        raise DamagedFile(f"{path.name}: cannot be read ({reason}); copy or write the file again") from None
    return Content(frame=frame, lines=lambda: range(1, len(frame) + 1))
