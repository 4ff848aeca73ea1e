"""Saved models that something happened to: each a copy of a run with one change, chosen by a seed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fourfold.core.files import file_hash

Random = np.random.Generator
_KEPT = ("config.json", "model.safetensors")
"""Half of the changes are made to these: they matter most."""


@dataclass(frozen=True)
class Spoiled:
    """What was done to which file; `sealed`: its hashes were made anew, as by someone who means it."""

    folder: Path
    what: str
    sealed: bool


def spoiled(run: Path, other: Path, folder: Path, seed: int, *, sealed: bool) -> Spoiled:
    """Copy `run` to `folder` and change it; `other` is another run of the same domain."""
    random = np.random.default_rng(seed)
    shutil.copytree(run, folder)
    changes = [change for change in CHANGES if not (sealed and change in _NO_FILES)]
    change = changes[int(random.integers(len(changes)))]
    path = _choose(folder, change, random)
    what = change(path, other / path.relative_to(folder), random)
    if sealed:
        for config in sorted(folder.rglob("config.json"), key=lambda found: -len(found.parts)):
            seal(config)
    return Spoiled(folder, f"{path.relative_to(folder)}: {change.__name__} {what}".strip(), sealed)


def _choose(folder: Path, change: Any, random: Random) -> Path:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    ending = {".json": _JSON, ".safetensors": _TENSORS}
    files = [path for path in files if all(change not in only or path.suffix == end for end, only in ending.items())]
    first = [path for path in files if path.name in _KEPT and path.parent == folder]
    return _pick(first if first and random.random() < 0.5 else files, random)


def _pick(items: Any, random: Random) -> Any:
    return items[int(random.integers(len(items)))]


def seal(config: Path) -> None:
    """Make the hashes in a `config.json` anew."""
    try:
        record = json.loads(config.read_text(encoding="utf-8"))
        files = {name: file_hash(config.parent / name) for name in record["files"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    record = {name: value for name, value in record.items() if name != "hash"} | {"files": files}
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    config.write_text(json.dumps(record | {"hash": digest}), encoding="utf-8")


def flip_a_bit(path: Path, _: Path, random: Random) -> str:
    raw = bytearray(path.read_bytes())
    place = int(random.integers(len(raw)))
    raw[place] ^= 1 << int(random.integers(8))
    path.write_bytes(raw)
    return f"at {place}"


def cut(path: Path, _: Path, random: Random) -> str:
    size = int(random.integers(path.stat().st_size))
    os.truncate(path, size)
    return f"to {size} bytes"


def empty(path: Path, _: Path, random: Random) -> str:
    path.write_bytes(b"")
    return ""


def add(path: Path, _: Path, random: Random) -> str:
    path.write_bytes(path.read_bytes() + random.bytes(9))
    return ""


def remove(path: Path, _: Path, random: Random) -> str:
    path.unlink()
    return ""


def exchange(path: Path, other: Path, random: Random) -> str:
    """Two files of the run change places."""
    beside = _pick(sorted(found for found in path.parent.iterdir() if found.is_file() and found != path), random)
    mine, its = path.read_bytes(), beside.read_bytes()
    path.write_bytes(its)
    beside.write_bytes(mine)
    return f"with {beside.name}"


def take_from_another_run(path: Path, other: Path, random: Random) -> str:
    shutil.copyfile(other, path)
    return ""


def take_a_folder_from_another_run(path: Path, other: Path, random: Random) -> str:
    """The whole folder of a file, such as the baseline's, or the whole run but its `config.json`."""
    kept = (path.parent / "config.json").read_bytes() if (path.parent / "model.safetensors").exists() else None
    shutil.copytree(other.parent, path.parent, dirs_exist_ok=True)
    if kept is not None:
        (path.parent / "config.json").write_bytes(kept)
    return ""


def link(path: Path, other: Path, random: Random) -> str:
    target = _pick([str(other), "/dev/zero", "/dev/null", "/nowhere", path.name, ".", "/etc/passwd"], random)
    path.unlink()
    path.symlink_to(target)
    return f"to {target}"


def make_a_pipe(path: Path, _: Path, random: Random) -> str:
    path.unlink()
    os.mkfifo(path)
    return ""


def make_a_folder(path: Path, _: Path, random: Random) -> str:
    path.unlink()
    path.mkdir()
    return ""


def change_a_value(path: Path, _: Path, random: Random) -> str:
    """A value somewhere in a JSON file is another, gone, or of another kind."""
    found = _json(path)
    if found is None:
        return flip_a_bit(path, path, random)
    places = _places(found)
    holder, key = _pick(places, random)
    before = holder[key]
    if random.random() < 0.2:
        del holder[key]
        after: Any = "nothing"
    else:
        after = holder[key] = _other(before, random)
    path.write_text(json.dumps(found), encoding="utf-8")
    return f"{key}: {str(before)[:40]!r} to {str(after)[:40]!r}"


def exchange_values(path: Path, _: Path, random: Random) -> str:
    found = _json(path)
    places = _places(found) if found is not None else []
    if len(places) < 2:
        return flip_a_bit(path, path, random)
    (one, key), (two, name) = _pick(places, random), _pick(places, random)
    one[key], two[name] = json.loads(json.dumps(two[name])), json.loads(json.dumps(one[key]))
    path.write_text(json.dumps(found), encoding="utf-8")
    return f"{key} and {name}"


def nest(path: Path, _: Path, random: Random) -> str:
    depth = int(random.choice([2_000, 100_000]))
    path.write_text(_pick(["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth], random), encoding="utf-8")
    return str(depth)


def lie_about_the_header(path: Path, _: Path, random: Random) -> str:
    """The length of a header of safetensors is huge, small or that of the file."""
    raw = path.read_bytes()
    size = _pick([2**63, 2**40, 10**8 - 1, 2, 0, len(raw), len(raw) - 8], random)
    path.write_bytes(struct.pack("<Q", size) + raw[8:])
    return str(size)


def lie_about_tensors(path: Path, _: Path, random: Random) -> str:
    """Shapes, types, places or names of tensors in a header are others."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    names = sorted(name for name in header if name != "__metadata__")
    name, other = _pick(names, random), _pick(names, random)
    lie = _pick(["shape", "dtype", "data_offsets", "swap", "rename", "drop", "turn", "flatten"], random)
    entry = header[name]
    if lie == "shape":
        entry["shape"] = [int(size * _pick([2, 10**9, 0], random)) for size in entry["shape"]]
    elif lie == "turn":
        entry["shape"] = entry["shape"][::-1]
    elif lie == "flatten":
        entry["shape"] = [1, int(np.prod(entry["shape"]))]
    elif lie == "dtype":
        entry["dtype"] = _pick(["I32", "U32", "F64", "BF16", "X"], random)
    elif lie == "data_offsets":
        entry["data_offsets"] = [place + _pick([-4, 4, 10**12], random) for place in entry["data_offsets"]]
    elif lie == "swap":
        header[name], header[other] = header[other], header[name]
    elif lie == "rename":
        header["renamed"] = header.pop(name)
    else:
        del header[name]
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + size :])
    return f"{lie} of {name}"


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def _other(value: Any, random: Random) -> Any:
    odd = [None, "", "x", -1, 0, 1e308, 2**70, [], {}, ["a"], {"a": 1}, True, "<script>", "../../x"]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float) and random.random() < 0.7:
        return _pick([value + 1, value / 2, value // 2, value * 1000, -value, 10**9], random)
    if isinstance(value, str) and random.random() < 0.5:
        return value + "s"
    return _pick(odd, random)


_JSON = [change_a_value, exchange_values, nest]
_TENSORS = [lie_about_the_header, lie_about_tensors, lie_about_tensors]
_NO_FILES = [link, make_a_pipe, make_a_folder, remove, take_a_folder_from_another_run]
CHANGES: list[Callable[[Path, Path, Random], str]] = [
    flip_a_bit, flip_a_bit, cut, empty, add, remove, exchange, take_from_another_run, take_a_folder_from_another_run,
    link, make_a_pipe, make_a_folder, *_JSON, change_a_value, change_a_value, *_TENSORS,
]  # fmt: skip
