"""A folder of text files for each class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from ...core.batch import Examples
from ...core.errors import WrongFolder
from ...core.tables import read_text

ENDING = ".txt"


def read_folder(folder: Path) -> Examples:
    """Read `FOLDER/CLASS/*.txt`, or a flat folder of text files without labels; rows are sorted by their paths.

    What is hidden is passed over; other files, and links that lead out of the folder, are left out and counted in the
    notes.
    """
    groups = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    below = sorted(path for group in groups or [folder] for path in group.iterdir() if not path.name.startswith("."))
    texts = [path for path in below if path.suffix.lower() == ENDING and path.is_file()]
    files = [path for path in texts if path.resolve().is_relative_to(folder.resolve())]
    if not files:
        raise WrongFolder(_nothing(folder, groups))
    left = {
        f"files left out, not {ENDING}": len(below) - len(texts),
        "links left out, to what is outside": len(texts) - len(files),
    }
    inputs, encodings = zip(*map(read_text, files), strict=True)
    counts = Counter(encodings)
    read_as = {f"files read as {name}": count for name, count in counts.items() if not name.startswith("UTF-8")}
    places = [path.relative_to(folder).as_posix() for path in files]
    return Examples(
        inputs=list(inputs),
        labels=np.array([path.parent.name for path in files]) if groups else None,
        name=folder.name,
        place=lambda row: places[row],
        errors={row: "the file is empty; fill it or remove it" for row, text in enumerate(inputs) if not text.strip()},
        notes=tuple(f"{folder.name}: {count:,} {what}" for what, count in (left | read_as).items() if count),
        encoding=", ".join(sorted(counts)),
    )


def _nothing(folder: Path, groups: list[Path]) -> str:
    """Say why there is nothing to read: perhaps the classes lie one level deeper."""
    deeper = [group for group in groups if any(group.glob(f"*/*{ENDING}"))]
    if deeper:
        names = ", ".join(group.name for group in deeper)
        return f"{folder}: no text files in its folders ({names}), but one level deeper; give {folder / deeper[0].name}"
    return f"{folder}: no text files; give a folder with a folder of {ENDING} files for each class"
