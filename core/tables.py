"""Tables from files: CSV, TSV, JSON lines and Parquet become a DataFrame whose rows know where they came from.

Values of text files stay the strings that they are ("NA", "007" and "1e5" are text until a domain says otherwise).
"""

from __future__ import annotations

import csv
import functools
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import DataError, did_you_mean


@dataclass(frozen=True)
class Table:
    """A DataFrame with the name of its file; `place(i)` names row i as an editor would (`train.csv:3`)."""

    frame: pd.DataFrame
    name: str
    place: Callable[[int], str] = field(repr=False)
    folder: Path = field(default=Path(), repr=False)

    def column(self, name: str) -> pd.Series[Any]:
        """Return a column; raise DataError with the nearest name where there is none."""
        if name not in self.frame.columns:
            raise DataError(f"{self.name}: no column '{name}'{did_you_mean(name, map(str, self.frame.columns))}")
        return self.frame[name]

    def strings(self, name: str) -> list[str]:
        """Return a column as strings, empty where a value is missing."""
        values = self.column(name)
        return ["" if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]

    def label_column(self, name: str) -> npt.NDArray[Any] | None:
        """Return a column of labels, or None where there is no such column or nothing in it.

        Raises DataError at the first empty label among others.
        """
        if name not in self.frame.columns or not any(map(str.strip, self.strings(name))):
            return None
        texts = self.text_column(name)
        numbers = pd.api.types.is_numeric_dtype(self.frame[name].dtype)
        return self.frame[name].to_numpy() if numbers else np.array(texts)

    def text_column(self, name: str) -> list[str]:
        """Return a column as strings; raise DataError at the first empty row."""
        texts = self.strings(name)
        for row, text in enumerate(texts):
            if not text.strip():
                raise DataError(f"{self.place(row)}: column '{name}' is empty; fill it or remove the row")
        return texts


def read_table(data: str | Path | pd.DataFrame) -> Table:
    """Read a table from a file by its ending, or wrap a DataFrame.

    Raises DataError, with the line where one can be named, where the file is missing, empty, binary or malformed.
    """
    if isinstance(data, pd.DataFrame):
        if data.empty:
            raise DataError("the DataFrame has no rows; give it at least one")
        _refuse_repeated(list(data.columns), "DataFrame")
        return Table(data.reset_index(drop=True), "DataFrame", lambda row: f"DataFrame row {row}")
    path = Path(data)
    name = path.name
    if not path.is_file():
        raise DataError(f"{path}: no such file; check the path")
    endings = [ending for ending in READERS if name.lower().removesuffix(".gz").endswith(ending)]
    if not endings:
        raise DataError(f"{name}: unknown kind of file; name it {', '.join(READERS)} (or one of these with .gz)")
    frame, lines = READERS[endings[0]](path)
    if frame.empty:
        raise DataError(f"{name}: the file has no rows; it needs a header and at least one row")

    def place(row: int) -> str:
        return f"{name}:{lines()[row]}"

    _refuse_repeated(list(frame.columns), name)
    return Table(frame, name, place, path.parent)


def _refuse_repeated(columns: Sequence[object], name: str) -> None:
    names = pd.Index(map(str, columns))
    if names.has_duplicates:
        raise DataError(f"{name}: two columns are named '{names[names.duplicated()][0]}'; rename one")


def is_table(data: object) -> bool:
    """Say whether `read_table` would take this: a DataFrame, or a path with one of the endings."""
    if isinstance(data, str | Path):
        return any(Path(data).name.lower().removesuffix(".gz").endswith(ending) for ending in READERS)
    return isinstance(data, pd.DataFrame)


Lines = Callable[[], list[int]]


def _read_separated(path: Path, delimiter: str, quoting: int) -> tuple[pd.DataFrame, Lines]:
    text = _read_text(path)
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=delimiter, quoting=quoting, dtype=str, keep_default_na=False, na_filter=False
        )  # fmt: skip
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name}: the file is empty; it needs a header and at least one row") from None
    except pd.errors.ParserError as error:
        raise _locate(path.name, text, delimiter, quoting, strict=True) or DataError(f"{path.name}: {error}") from None
    if _may_be_ragged(frame) and (wrong := _locate(path.name, text, delimiter, quoting, strict=False)):
        raise wrong
    _, header = next(_records(text, delimiter, quoting))
    _refuse_repeated(header or [], path.name)  # pandas would rename the second
    return frame, functools.cache(lambda: [line for line, _ in _records(text, delimiter, quoting)][1:])


def _may_be_ragged(frame: pd.DataFrame) -> bool:
    """Say whether pandas may have mended a row: surplus cells became the index, missing ones became "" at the end."""
    return not isinstance(frame.index, pd.RangeIndex) or bool((frame.iloc[:, -1] == "").any())


def _records(
    text: str, delimiter: str, quoting: int, *, strict: bool = False
) -> Iterator[tuple[int, list[str] | None]]:
    """Yield (first line, cells) of every record that pandas does not skip as blank, the header first.

    Under `strict` the cells of a record whose quoting is broken are None, and it is the last.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a cell may be a whole book
    blank = " \t\r\n".replace(delimiter, "")
    lines = (line if line.strip(blank) else "\n" for line in io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=strict)  # type: ignore[arg-type]
    start = 1
    try:
        for cells in reader:
            if cells:
                yield start, cells
            start = reader.line_num + 1
    except csv.Error:
        yield start, None


def _locate(name: str, text: str, delimiter: str, quoting: int, *, strict: bool) -> DataError | None:
    """Find the record that a table cannot hold: broken quoting (if `strict`), or too many or too few cells."""
    width = 0
    for line, cells in _records(text, delimiter, quoting, strict=strict):
        if cells is None:
            return DataError(f"{name}:{line}: broken quoting; close the quote, or double quotes inside a quoted cell")
        width = width or len(cells)
        if len(cells) != width:
            count = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
            inside = "a cell cannot hold a tab" if delimiter == "\t" else f"quote cells that hold '{delimiter}'"
            hint = inside if len(cells) > width else "give each row all its cells"
            return DataError(f"{name}:{line}: {count} where the header has {width}; {hint}")
    return None


def _read_lines(path: Path) -> tuple[pd.DataFrame, Lines]:
    rows, lines = [], []
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path.name}:{number}: not JSON ({error}); write one object a line") from None
        if not isinstance(row, dict):
            raise DataError(f"{path.name}:{number}: not a JSON object; write one object a line")
        rows.append(row)
        lines.append(number)
    return pd.DataFrame(rows), lambda: lines


def _read_parquet(path: Path) -> tuple[pd.DataFrame, Lines]:
    import pyarrow as pa

    try:
        frame = pd.read_parquet(path)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path.name}: not a Parquet file ({reason}); write it again or give a CSV") from None
    return frame, lambda: list(range(1, len(frame) + 1))


def _read_text(path: Path) -> str:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path.name}: damaged gzip file ({error}); download or compress it again") from None
    head = raw[:4096]
    unprintable = sum(byte < 9 or 13 < byte < 32 for byte in head)
    if unprintable * 20 > len(head):
        raise DataError(f"{path.name}: a binary file, not text; give a table as {', '.join(READERS)}")
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise DataError(f"{path.name}:{line}: a NUL byte; the file is damaged, or UTF-16: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = raw[error.start]
        raise DataError(f"{path.name}:{line}: not UTF-8 text (byte 0x{byte:02x}); save the file as UTF-8") from None


Reader = Callable[[Path], tuple[pd.DataFrame, Lines]]
READERS: dict[str, Reader] = {
    ".csv": functools.partial(_read_separated, delimiter=",", quoting=csv.QUOTE_MINIMAL),
    ".tsv": functools.partial(_read_separated, delimiter="\t", quoting=csv.QUOTE_NONE),
    ".jsonl": _read_lines,
    ".parquet": _read_parquet,
}
