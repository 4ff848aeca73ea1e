"""Tables that are never in memory as a whole: read block by block, in row order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import DamagedFile, MalformedTable, MixedFiles, NoRows, WrongColumns, WrongFormat
from .encodings import UTF_8, UTF_8_MARKED, Encoding
from .mapped import RowsFile, mapped_frame
from .probing import open_text, probe
from .separated import Dialect, empty
from .table import refuse_many, refuse_repeated

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 1 << 17
_BLOCK_BYTES = 1 << 21
"""Of a text file that Arrow parses at a time: more leaves the caches of a processor, which takes half as long again."""

Convert: TypeAlias = Callable[[Any], Any]
"""Makes an Arrow record batch of another."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scan:
    """Arrow data on the disk as blocks of columns; `chosen` says which of the rows are taken, None for all.

    `dataset` has a `schema` and gives Arrow's record batches by `to_batches(columns=…, batch_size=…)`.

    `sources` are the files that the data came from, `encoding` that of a single text; `keep` owns files that go with
    this object.
    """

    dataset: Any
    columns: tuple[str, ...]
    rows: int
    sources: tuple[Path, ...]
    chosen: npt.NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    encoding: str | None = None
    keep: object = None
    masked: ClassVar[bool] = True

    def __len__(self) -> int:
        return self.rows if self.chosen is None else int(np.count_nonzero(self.chosen))

    def blocks(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Yield the taken rows as DataFrames of at most 131,072 rows; texts are Arrow's.

        Batches, of which a parsed CSV has one for every 2 MB, are put together: what is done once a block costs less.
        """
        import pyarrow as pa

        waiting: list[Any] = []
        for batch in self._batches(columns):
            if waiting and sum(map(len, waiting)) + len(batch) > BLOCK_ROWS:
                yield mapped_frame(pa.Table.from_batches(waiting))
                waiting = []
            waiting.append(batch)
        if waiting:
            yield mapped_frame(pa.Table.from_batches(waiting))

    def _batches(self, columns: Sequence[str] | None) -> Iterator[Any]:
        import pyarrow as pa

        start, wanted = 0, list(self.columns if columns is None else columns)
        for batch in self.dataset.to_batches(columns=wanted, batch_size=BLOCK_ROWS):
            end = start + len(batch)
            taken = batch if self.chosen is None else batch.filter(pa.array(self.chosen[start:end]))
            start = end
            if len(taken):
                yield taken

    def take(self, rows: npt.NDArray[Any]) -> Scan:
        """Return some of the rows, given by a mask or by their numbers in ascending order."""
        chosen = np.asarray(rows)
        if chosen.dtype != np.bool_:
            if (np.diff(chosen) <= 0).any():
                raise ValueError("rows of a table on the disk are taken in their order")
            chosen = np.zeros(len(self), np.bool_)
            chosen[rows] = True
        if self.chosen is not None:
            whole = np.zeros(self.rows, np.bool_)
            whole[self.chosen] = chosen
            chosen = whole
        return replace(self, chosen=chosen)

    def without(self, column: str) -> Scan:
        """Return the other columns."""
        return replace(self, columns=tuple(name for name in self.columns if name != column))

    def frame(self, rows: Sequence[int] | None = None) -> pd.DataFrame:
        """Return a few rows in the given order, or all of them, in memory."""
        import pyarrow as pa

        if rows is None:
            schema = pa.schema([self.dataset.schema.field(name) for name in self.columns])
            return mapped_frame(pa.Table.from_batches(list(self._batches(None)), schema=schema))
        order = np.argsort(rows, kind="stable")
        found = self.take(np.asarray(rows, np.int64)[order]).frame()
        return found.iloc[np.argsort(order)].reset_index(drop=True)


def blocks_of(table: pd.DataFrame | Scan, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
    """Yield a table block by block, in row order, wherever it lies."""
    if isinstance(table, Scan):
        yield from table.blocks(columns)
        return
    chosen = table if columns is None or list(columns) == list(table.columns) else table[list(columns)]
    if len(chosen) <= 8 * BLOCK_ROWS:  # a view, too, would take a moment for each column
        yield chosen
        return
    for start in range(0, len(chosen), 8 * BLOCK_ROWS):
        yield chosen.iloc[start : start + 8 * BLOCK_ROWS]


def scan_parquet(paths: Sequence[Path], base: Path | None = None) -> Scan:
    """Read Parquet files as one table; columns that folders under `base` name (`day=1/`) are added."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    more: dict[str, Any] = {}
    if base is not None:
        more = {"partitioning": ds.HivePartitioning.discover(), "partition_base_dir": str(base)}
    files = [str(path) for path in paths]
    try:
        schema = _schema(paths)
        below = (path.relative_to(base).parts[:-1] for path in paths) if base is not None else ()
        named_by = {part.split("=")[0] for parts in below for part in parts if "=" in part}
        if twice := named_by & set(schema.names):
            raise WrongColumns(
                f"{paths[0].name}: column '{min(twice)}' is in the files and names their folders; rename one"
            )
        dataset = ds.dataset(files, format="parquet", **more)
        named = [field for field in dataset.schema if field.name not in schema.names]  # by folders
        dataset = ds.dataset(files, format="parquet", schema=pa.schema([*schema, *named]), **more)
        rows = dataset.count_rows()
        notes = schema.pandas_metadata or {}
    except (pa.ArrowException, UnicodeError, json.JSONDecodeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise WrongFormat(f"{paths[0].name}: not a Parquet file ({reason}); write it again or give a CSV") from None
    index = [name for name in notes.get("index_columns", []) if isinstance(name, str)]
    columns = tuple(name for name in dataset.schema.names if name not in index)
    return Scan(dataset=ParquetFiles(dataset), columns=columns, rows=rows, sources=tuple(paths))


class ParquetFiles:
    """The Parquet files of an Arrow dataset, read one after the other.

    Arrow's own scanner reads ahead of whoever is slower than the disk: of two million rows of 39 columns, 950 MB lay
    in memory, where this takes 110.
    """

    def __init__(self, dataset: Any):
        self.dataset, self.schema = dataset, dataset.schema

    def to_batches(self, *, columns: Sequence[str], batch_size: int) -> Iterator[Any]:
        """Yield record batches of these columns, of the types of the dataset; DataError names what is damaged."""
        import pyarrow as pa

        for fragment in self.dataset.get_fragments():
            name, row = Path(fragment.path).name, 1
            try:
                for batch in self._of_file(fragment, columns, batch_size):
                    batch.validate(full=True)
                    yield batch
                    row += len(batch)
            except (pa.ArrowException, OSError) as error:
                reason = str(error).splitlines()[0]
                raise DamagedFile(
                    f"{name}: row {row} or later: cannot be read ({reason}); copy or write the file again"
                ) from None

    def _of_file(self, fragment: Any, columns: Sequence[str], batch_size: int) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.dataset as ds
        from pyarrow import parquet

        fields = [self.schema.field(name) for name in columns]
        named = ds.get_partition_keys(fragment.partition_expression)
        with parquet.ParquetFile(fragment.path, pre_buffer=False) as file:
            own = [name for name in columns if name not in named]
            for batch in file.iter_batches(batch_size, columns=own):
                found = [
                    pa.repeat(pa.scalar(named[field.name], field.type), len(batch))
                    if field.name in named
                    else _cast(batch.column(field.name), field, Path(fragment.path).name)
                    for field in fields
                ]
                yield pa.record_batch(found, schema=pa.schema(fields))


def _cast(column: Any, field: Any, name: str) -> Any:
    """Return a column of the file `name` in the type that it has over all files."""
    import pyarrow as pa

    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise MalformedTable(
            f"{name}: column '{field.name}': {reason}; write the files again, the column in all of one type"
        ) from None


def _schema(paths: Sequence[Path]) -> Any:
    """Return the columns of Parquet files, which must be the same; numbers may be of different widths."""
    import pyarrow as pa
    from pyarrow import parquet

    first = parquet.read_schema(paths[0])
    refuse_repeated(first.names, paths[0].name)
    schemas = [first]
    for path in paths[1:]:
        found = parquet.read_schema(path)
        refuse_repeated(found.names, path.name)
        if set(found.names) != set(first.names):
            name = min(set(found.names) ^ set(first.names))
            raise MixedFiles(
                f"{path.name}: column '{name}' is not in all files ({paths[0].name} …); give files of one form"
            )
        schemas.append(found)
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").with_metadata(first.metadata)
    except pa.ArrowTypeError as error:
        raise MixedFiles(f"{paths[0].name} and others: {str(error).splitlines()[0]}; give files of one form") from None


def scan_separated(
    paths: Sequence[Path], dialect: Dialect, names: Sequence[str] | None = None, convert: Convert | None = None
) -> Scan:
    """Read CSV or TSV files with the same header as one table of texts, which Arrow parses once into a file of its own.

    `names` are the columns of files without a header; `convert` makes of each block what is kept. Raises DataError,
    with the line where one can be named, where a file is no such table.
    """
    import pyarrow.dataset as ds

    file, schema, rows = None, None, 0
    notes: list[str] = []
    for path in paths:
        encoding = probe(path)
        notes += [] if encoding in (UTF_8, UTF_8_MARKED) else [f"{path.name}: read as {encoding.name}"]
        for batch in _parsed(path, dialect, names, encoding):
            found = convert(batch) if convert else batch
            schema = schema or found.schema
            if found.schema != schema:
                raise MixedFiles(f"{path.name}: its columns are not those of {paths[0].name}; give files of one form")
            file = file or RowsFile(schema)
            file.write(found)
            rows += len(found)
    if file is None or not rows:
        raise NoRows(f"{paths[0].name}: the file has no rows; it needs a header and at least one row")
    dataset = ds.dataset(file.table())
    return Scan(
        dataset=dataset, columns=tuple(dataset.schema.names), rows=rows, sources=tuple(paths), notes=tuple(notes),
        encoding=encoding.name if len(paths) == 1 else None, keep=file.owner,
    )  # fmt: skip


def _parsed(path: Path, dialect: Dialect, names: Sequence[str] | None, encoding: Encoding) -> Iterator[Any]:
    """Yield the cells of a file as texts, block by block."""
    import csv as quoting

    import pyarrow as pa
    from pyarrow import csv

    with open_text(path, encoding) as file:
        header = next(dialect.records(file), None)
    if header is None or header[1] is None:
        raise empty(path.name)
    # A column without a name is called as pandas calls it, so that a table is the same however large it is.
    refuse_many(len(header[1]), path.name)
    columns = list(names or (name or f"Unnamed: {place}" for place, name in enumerate(header[1])))
    refuse_repeated(columns, path.name)
    read = csv.ReadOptions(
        encoding=encoding.codec,
        column_names=columns,
        skip_rows=0 if names else header[0] + sum(cell.count("\n") for cell in header[1]),
        block_size=_BLOCK_BYTES,
    )
    parse = csv.ParseOptions(
        delimiter=dialect.delimiter, quote_char=False if dialect.quoting == quoting.QUOTE_NONE else '"',
        newlines_in_values=dialect.quoting != quoting.QUOTE_NONE,
    )  # fmt: skip
    texts = csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False)
    try:
        with csv.open_csv(str(path), read, parse, texts) as batches:
            yield from batches
    except pa.ArrowInvalid as error:
        with open_text(path, encoding) as file:
            located = dialect.locate(path.name, file, strict=True)
        raise located or MalformedTable(f"{path.name}: {str(error).splitlines()[0]}") from None
