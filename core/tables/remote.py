"""Data behind a URL, as in object storage: copied into the cache once by fsspec, and read from there."""

from __future__ import annotations

import hashlib
import posixpath
from pathlib import Path
from typing import Any

from ..cache import user_cache
from ..errors import NoSuchFile, NotFetched

_PATTERN = frozenset("*?[")


def local(data: Any) -> Any:
    """Return the path of a copy where `data` is a URL (`s3://bucket/reviews.csv`, a folder or a pattern of files), else
    `data`.

    What was copied is taken again for as long as the names, sizes and times of the files stay what they were. Raises
    NoSuchFile where the URL names nothing, NotFetched where it cannot be read.
    """
    if not isinstance(data, str) or "://" not in data:
        return data
    import fsspec

    try:
        system, place = fsspec.core.url_to_fs(data)
        base, files = _listed(system, place)
        if not files:
            raise NoSuchFile(f"{data}: no such file; check the address")
        key = hashlib.sha256(repr((data, sorted(map(repr, files.values())))).encode()).hexdigest()
        folder = user_cache().folder(f"copied-{key}", lambda folder: _copy(system, base, list(files), folder))
    except NoSuchFile:
        raise
    except Exception as error:  # each storage raises errors of its own: of the network, of rights, of missing libraries
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotFetched(f"{data}: cannot be read ({reason}); check the address and your rights, or copy it") from None
    return str(folder / posixpath.relpath(place, base))


def _listed(system: Any, place: str) -> tuple[str, dict[str, Any]]:
    """Return the folder that holds what is named, and what the storage says of each file below it."""
    names = place.split("/")
    if pattern := [name for name in names if _PATTERN & set(name)]:
        base = "/".join(names[: names.index(pattern[0])])
        return base, {name: one for name, one in system.glob(place, detail=True).items() if one["type"] == "file"}
    found = system.find(place, detail=True) if system.exists(place) else {}
    return posixpath.dirname(place.rstrip("/")), found


def _copy(system: Any, base: str, names: list[str], folder: Path) -> None:
    for name in names:
        target = folder / posixpath.relpath(name, base)
        target.parent.mkdir(parents=True, exist_ok=True)
        system.get_file(name, str(target))
