"""CSV and TSV: pandas reads the cells, Python's reader finds the lines and what is wrong."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, MalformedTable, NoRows
from .decoding import read_text
from .table import Content, refuse_many, refuse_repeated

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dialect:
    """How a file marks off its cells; `quoting` is a constant of the module `csv`."""

    delimiter: str
    quoting: int

    def pandas(self) -> dict[str, Any]:
        """Return the settings of `pandas.read_csv`: every cell stays the text that it is."""
        return {
            "sep": self.delimiter, "quoting": self.quoting, "dtype": str, "keep_default_na": False, "na_filter": False,
        }  # fmt: skip

    def records(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[tuple[int, list[str] | None]]:
        """Yield (first line, cells) of every record that pandas does not skip as blank, the header first.

        Under `strict` the cells of a record whose quoting is broken are None, and it is the last.
        """
        csv.field_size_limit(2**31 - 1)  # a cell may be a whole book
        blank = " \t\r\n".replace(self.delimiter, "")
        kept = (line if line.strip(blank) else "\n" for line in lines)
        reader = csv.reader(kept, delimiter=self.delimiter, quoting=self.quoting, strict=strict)  # type: ignore[arg-type]
        start = 1
        try:
            for cells in reader:
                if cells:
                    yield start, cells
                start = reader.line_num + 1
        except csv.Error:
            yield start, None

    def locate(self, name: str, lines: Iterable[str], *, strict: bool) -> DataError | None:
        """Find the record that a table cannot hold: broken quoting (if `strict`), or too many or too few cells."""
        width = 0
        for line, cells in self.records(lines, strict=strict):
            if cells is None:
                return MalformedTable(
                    f"{name}:{line}: broken quoting; close the quote, or double quotes inside a quoted cell"
                )
            width = width or len(cells)
            if len(cells) != width:
                return MalformedTable(f"{name}:{line}: {self._difference(len(cells), width)}")
        return None

    def _difference(self, cells: int, width: int) -> str:
        count = f"{cells} cell{'s' if cells > 1 else ''}"
        inside = "a cell cannot hold a tab" if self.delimiter == "\t" else f"quote cells that hold '{self.delimiter}'"
        return f"{count} where the header has {width}; {inside if cells > width else 'give each row all its cells'}"


CSV = Dialect(",", csv.QUOTE_MINIMAL)
TSV = Dialect("\t", csv.QUOTE_NONE)


def read_separated(path: Path, dialect: Dialect) -> Content:
    """Read a CSV or TSV whole; DataError names the line that a table cannot hold."""
    import pandas as pd

    text, encoding = read_text(path)

    def lines() -> io.StringIO:
        return io.StringIO(text, newline="")

    refuse_many(text[: text.find("\n")].count(dialect.delimiter), path.name)
    try:
        frame = pd.read_csv(lines(), **dialect.pandas())
    except pd.errors.EmptyDataError:
        raise empty(path.name) from None
    except pd.errors.ParserError as error:
        where = dialect.locate(path.name, lines(), strict=True)
        raise where or MalformedTable(f"{path.name}: no table can be read from it ({error}); write it again") from None
    if may_be_ragged(frame) and (wrong := dialect.locate(path.name, lines(), strict=False)):
        raise wrong
    _, header = next(dialect.records(lines()))
    refuse_repeated(header or [], path.name)  # pandas would rename the second
    starts = functools.cache(lambda: [line for line, _ in dialect.records(lines())][1:])
    return Content(frame=frame, lines=starts, encoding=encoding)


def empty(name: str) -> DataError:
    """The error of a file without a header."""
    return NoRows(f"{name}: the file is empty; it needs a header and at least one row")


def may_be_ragged(frame: pd.DataFrame) -> bool:
    """Say whether pandas may have mended a row: surplus cells became the index, missing ones became "" at the end."""
    import pandas as pd

    return not isinstance(frame.index, pd.RangeIndex) or bool((frame.iloc[:, -1] == "").any())
