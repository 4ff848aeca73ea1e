"""Click tables from DataFrames, files, folders and patterns, in memory or on the disk."""

from __future__ import annotations

import functools
import glob
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.batch import Examples
from ...core.errors import (
    BadRow,
    ConfigError,
    CountsDiffer,
    DataError,
    MixedFiles,
    NoRows,
    NoSuchFile,
    WrongColumns,
    WrongFolder,
)
from ...core.tables import (
    ABOVE,
    CSV,
    TSV,
    Dialect,
    Scan,
    blocks_of,
    is_table,
    read_table,
    row_lines,
    scan_parquet,
    scan_separated,
)
from ...core.tables.probing import open_text, probe, size_of
from .cells import categories, named
from .formats import form_of, scan_log

Data: TypeAlias = str | Path | pd.DataFrame | Sequence[str | Path]
Labels: TypeAlias = Sequence[Any] | npt.NDArray[Any] | pd.Series
_PATTERN = frozenset("*?[")
_LOGS = frozenset({"", ".txt", ".tsv", ".csv", ".libsvm", ".libffm", ".svm", ".ffm"})
_SEPARATED = {".csv": CSV, ".tsv": TSV}
_SMALL = 1 << 24
"""The bytes up to which a CSV or TSV is read by pandas."""
_CELLS = 10_000_000
"""Cells up to which what was scanned is taken into memory."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A table, in memory or on the disk, and what `Examples` say of it."""

    table: pd.DataFrame | Scan
    name: str
    place: Callable[[int], str]
    notes: tuple[str, ...] = ()
    encoding: str | None = None
    keep: object = field(default=None)


def read(data: Data, labels: Labels | None = None, *, label: str = "label", labelled: bool = True) -> Examples:
    """Read a table; its column `label` holds the labels, which are left alone where they are not `labelled`.

    `data` is a DataFrame, a file (CSV, TSV, JSONL, JSON, Parquet, the same with .gz; a log of Criteo's form, LIBSVM or
    libffm, known by its first line), several files, a folder of them, a pattern such as `day=*/*.parquet`, or a data
    set of Hugging Face. What is larger than memory stays on the disk. Without the column, and without `labels`, the
    examples have none. `labels` take the column's place.

    >>> examples = read(pd.DataFrame({"age": [31, 54], "bought": ["no", "yes"]}), label="bought")
    >>> list(examples.inputs.columns), examples.labels.tolist()
    (['age'], ['no', 'yes'])
    """
    found = _find(data)
    table, columns = found.table, [str(name) for name in found.table.columns]
    if labels is None and label in columns and labelled:
        given = _label_column(found, label)
    else:
        given = None if labels is None else _encoded([pd.Series(np.asarray(labels), name=label)], found, label)
    if given is not None and len(given) != len(table):
        raise CountsDiffer(f"{found.name}: {len(table)} rows but {len(given)} labels; give one a row")
    if isinstance(table, Scan):
        inputs: Any = table.without(label)
    else:
        inputs = named(table.drop(columns=label) if label in table.columns else table)
    if len(inputs.columns) == 0:
        raise WrongColumns(f"{found.name}: no columns beside '{label}'; a model needs at least one")
    return Examples(
        inputs=inputs, labels=given, name=found.name, place=found.place, notes=found.notes, encoding=found.encoding
    )


def divided(data: Any) -> dict[str, Any] | None:
    """Return the parts of a folder that holds train, valid and test files, None of any other data.

    `valid` may be named validation, val or dev.
    """
    if not isinstance(data, str | Path) or is_table(data) or not Path(data).is_dir():
        return None
    found: dict[str, Any] = {}
    for path in sorted(Path(data).iterdir()):
        stem = path.name.split(".")[0]
        part = {"train": "train", "test": "test"}.get(stem) or ("valid" if stem in _VALID else None)
        if part and part not in found and (path.is_dir() or _ending(path) in _KNOWN):
            found[part] = path
    return found if "train" in found and len(found) > 1 else None


_VALID = frozenset({"valid", "validation", "val", "dev"})
_KNOWN = frozenset({".csv", ".tsv", ".jsonl", ".json", ".parquet"})


def _find(data: Data) -> _Found:
    if isinstance(data, pd.DataFrame):
        return _whole(data)
    if isinstance(data, str | Path):
        paths, base, name = _paths(data)
        if paths is None:  # of Hugging Face
            return _whole(data)
    else:
        paths, base, name = [Path(one) for one in data], None, f"{len(data)} files"
    endings = {_ending(path) for path in paths}
    if len(endings) > 1:
        raise MixedFiles(f"{name}: files of several kinds ({', '.join(sorted(map(str, endings)))}); give files of one")
    (ending,) = endings
    if ending in _LOGS and (form := form_of(line := _first_line(paths[0]))):
        return _scanned(scan_log(paths, form, line), name)
    if ending == ".parquet":
        return _scanned(scan_parquet(paths, base), name)
    if ending in _SEPARATED:
        return _separated(paths, _SEPARATED[ending], name)
    if len(paths) > 1:
        raise MixedFiles(f"{name}: {len(paths)} files of the kind {ending}; give one, or CSV, TSV or Parquet files")
    return _whole(paths[0])


def _separated(paths: list[Path], dialect: Dialect, name: str) -> _Found:
    """Read CSV or TSV files: by Arrow, some ten times as fast as by pandas, where they are several or not small."""
    size = sum(map(size_of, paths))
    if len(paths) > 1 or size > ABOVE:
        return _scanned(scan_separated(paths, dialect), name)
    if size <= _SMALL:
        return _whole(paths[0])
    try:
        found = _scanned(scan_separated(paths, dialect), name)
    except (ConfigError, DataError, OSError):  # no room in the cache, or a form that Arrow refuses
        return _whole(paths[0])  # which is more lenient, or says the line
    lines = functools.cache(lambda: row_lines(paths[0], dialect))
    return replace(found, place=lambda row: f"{name}:{lines()[row]}")


def _paths(data: str | Path) -> tuple[list[Path] | None, Path | None, str]:
    """Return the files that a path, a folder or a pattern stands for, the folder where they begin, and a name."""
    path = Path(data)
    if path.is_file():
        return [path], None, path.name
    if path.is_dir() and not is_table(data):
        found = sorted(one for one in path.rglob("*") if one.is_file() and _usable(one, path))
        if not found:
            raise WrongFolder(f"{path}: no files in this folder that are tables; give CSV, TSV or Parquet files")
        return found, path, path.name
    if _PATTERN & set(str(data)) and not str(data).startswith("hf:"):
        found = sorted(one for one in map(Path, glob.glob(str(data), recursive=True)) if one.is_file())  # noqa: PTH207
        if not found:
            raise NoSuchFile(f"{data}: no file is called so; check the pattern")
        start = itertools.takewhile(lambda part: not _PATTERN & set(part), path.parts)
        return found, Path(*start), str(data)
    return None, None, str(data)


def _usable(path: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
    return not hidden and _ending(path) in _KNOWN


def _ending(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _first_line(path: Path) -> str:
    with open_text(path, probe(path)) as file:
        return file.readline().rstrip("\r\n")


def _whole(data: Any) -> _Found:
    table = read_table(data, stream_above=ABOVE)
    return _Found(
        table=table.frame, name=table.name, place=table.place, notes=table.notes, encoding=table.encoding,
        keep=table.keep,
    )  # fmt: skip


def _scanned(scan: Scan, name: str) -> _Found:
    """Return what was scanned, in memory where it is small."""
    if not len(scan):
        raise NoRows(f"{name}: the data set has no rows; give one with at least one")
    small = len(scan) * len(scan.columns) <= _CELLS
    table = scan.frame() if small else scan
    return _Found(
        table=table, name=name, place=lambda row: f"{name} row {row + 1}", notes=scan.notes, encoding=scan.encoding,
        keep=scan,
    )  # fmt: skip


def _label_column(found: _Found, label: str) -> npt.NDArray[Any] | None:
    columns = (block[label] for block in blocks_of(found.table, [label]))
    return _encoded(columns, found, label, may_lack=True)


def _encoded(columns: Any, found: _Found, label: str, may_lack: bool = False) -> npt.NDArray[Any] | None:
    """Return labels as texts, of a table on the disk as small numbers where they are such; None where no row has one
    and that may be.

    Raises DataError at the first row without a label.
    """
    parts, start, missing, known = [], 0, -1, False
    for column in columns:
        codes, texts = categories(column)
        if missing < 0 and (codes < 0).any():
            missing = start + int(np.argmax(codes < 0))
        known |= bool((codes >= 0).any())
        names = _small(texts) if isinstance(found.table, Scan) else texts.astype(str)
        parts.append(names[codes] if len(texts) else np.zeros(len(codes), np.int8))
        start += len(codes)
    if may_lack and not known:
        return None
    if missing >= 0:
        raise BadRow(f"{found.place(missing)}: column '{label}' is empty; fill it or remove the row")
    return np.concatenate(parts)


def _small(texts: npt.NDArray[np.object_]) -> npt.NDArray[Any]:
    digits = all(len(text) < 3 and text.isdecimal() for text in texts)
    return texts.astype(np.int8) if digits else texts.astype(str)
