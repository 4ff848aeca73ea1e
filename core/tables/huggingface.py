"""Data sets of Hugging Face: folders that `save_to_disk` wrote, read without their library, and `hf:NAME` with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DamagedFile, MissingPackage, NoSuchFile, NoSuchPart, NotFetched, did_you_mean
from .mapped import mapped_frame

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PREFIX = "hf:"


def saved_folder(data: str | Path) -> tuple[Path, str | None] | None:
    """Return the folder and the split that `FOLDER`, `FOLDER:SPLIT` or `hf:FOLDER…` names, or None where it is none."""
    text = str(data).removeprefix(PREFIX)
    folder, _, split = text.rpartition(":")
    for path, part in ((Path(text), None), (Path(folder), split)):
        if str(path) != "." and any((path / name).is_file() for name in ("state.json", "dataset_dict.json")):
            return path, part
    return None


def read_saved(folder: Path, split: str | None, above: int | None = None) -> tuple[str, pd.DataFrame]:
    """Return the name and the rows of a saved data set; a set of several splits needs the name of one."""
    name = folder.name
    if (folder / "dataset_dict.json").is_file():
        splits = list(map(str, _json(folder / "dataset_dict.json").get("splits") or ()))
        if not splits:
            raise NoSuchPart(f"{folder}/dataset_dict.json: names no splits; save the data set again")
        if split is None:
            raise NoSuchPart(f"{folder}: holds the splits {', '.join(splits)}; name one, such as {folder}:{splits[0]}")
        if split not in splits:
            raise NoSuchPart(f"{folder}: no split '{split}'{did_you_mean(split, splits)}")
        folder, name = folder / split, f"{name}/{split}"
    elif split is not None:
        raise NoSuchPart(f"{folder}: one split only; leave ':{split}' out")
    features = _json(folder / "dataset_info.json").get("features") or {}
    return name, named(_arrow(folder), features, above)


def read_hub(data: str, above: int | None = None) -> tuple[str, pd.DataFrame]:
    """Return the name and the rows of `hf:NAME[:SPLIT]` or `hf:NAME/CONFIG[:SPLIT]`; without a split, of train."""
    if data.removeprefix(PREFIX).startswith((".", "/", "~")):
        raise NoSuchFile(f"{data}: no data set is saved there; give a folder that save_to_disk wrote")
    try:
        import datasets
    except ImportError:
        raise MissingPackage(f"{data}: needs the library datasets; pip install 'fourfold[hf]'") from None
    name, _, split = data.removeprefix(PREFIX).partition(":")
    split = split or "train"
    failure: Exception | None = None
    for path, config in _readings(name):
        try:
            loaded = datasets.load_dataset(path, config, split=split)
            return f"{name}/{split}", named(loaded.data.table, loaded.features.to_dict(), above)
        except Exception as error:  # the library raises errors of many kinds: of the network, the hub, the files
            failure = failure or error
    reason = str(failure).splitlines()[0] if str(failure) else type(failure).__name__
    raise NotFetched(
        f"{data}: cannot be loaded ({reason}); check the name, the split and the network, "
        "or give the folder that save_to_disk wrote"
    ) from None


def named(table: pa.Table, features: Mapping[str, Any], above: int | None = None) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame in which class numbers are class names; the texts of one of more than
    `above` bytes stay on the disk."""
    import pandas as pd

    frame = table.to_pandas() if above is None or table.nbytes <= above else mapped_frame(table)
    for name, feature in features.items():
        inner = feature.get("feature") if isinstance(feature, dict) else None
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
            frame[name] = pd.Series([_name(feature["names"], number) for number in frame[name]], dtype=object)
        elif isinstance(inner, dict) and inner.get("_type") == "ClassLabel":
            rows = frame[name]
            frame[name] = pd.Series([_set_of(inner["names"], row) for row in rows], dtype=object)
    return frame


def _name(names: list[str], number: Any) -> str | None:
    """Return the name of a class; a missing or negative number (a hidden label) has none."""
    import pandas as pd

    return None if pd.isna(number) or number < 0 else names[int(number)]


def _set_of(names: list[str], numbers: Any) -> list[str] | None:
    return None if numbers is None else [names[int(number)] for number in np.asarray(numbers)]


def _readings(name: str) -> list[tuple[str, str | None]]:
    """Return what a name may mean: OWNER/NAME/CONFIG, OWNER/NAME, or NAME/CONFIG."""
    parts = name.split("/")
    if len(parts) > 2:
        return [("/".join(parts[:2]), "/".join(parts[2:]))]
    return [(name, None), (parts[0], parts[1])] if len(parts) == 2 else [(name, None)]


def _arrow(folder: Path) -> pa.Table:
    """Return the rows of the files that `state.json` lists, memory-mapped."""
    import pyarrow as pa

    entries = _json(folder / "state.json").get("_data_files")
    if entries == []:  # so is a set without rows saved
        return pa.table({})
    names = [entry.get("filename") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if not names or not all(isinstance(name, str) and Path(name).name == name for name in names):
        raise DamagedFile(f"{folder}/state.json: does not name the files of a data set; save it again")
    files = [folder / str(name) for name in names]
    try:
        return pa.concat_tables([pa.ipc.open_stream(pa.memory_map(str(file))).read_all() for file in files])
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DamagedFile(f"{folder}: a damaged data set ({reason}); save it again") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedFile(f"{path}: cannot be read ({error}); save the data set again") from None
    if not isinstance(values, dict):
        raise DamagedFile(f"{path}: not a JSON object; save the data set again")
    return values
