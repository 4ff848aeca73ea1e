"""Parquet files."""

from __future__ import annotations

from pathlib import Path

from ..errors import WrongFormat
from .table import Content


def read_parquet(path: Path) -> Content:
    """Read a Parquet file; a row's line is its number, from 1."""
    import pandas as pd
    import pyarrow as pa

    try:
        frame = pd.read_parquet(path)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise WrongFormat(f"{path.name}: not a Parquet file ({reason}); write it again or give a CSV") from None
    return Content(frame=frame, lines=lambda: range(1, len(frame) + 1))
