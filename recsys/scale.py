"""What memory training on a table of any size takes: `python -m fourfold.recsys.scale --rows 2000000`.

Writes a log of 26 names and 13 numbers a row as Parquet, trains a few steps on it in a process of its own, and prints
the most memory that was not mapped from a file (`RssAnon`), what the weights alone take, and the seconds, as one line
of JSON. The optimiser's moments and the best weights so far are as large again, each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

NAMES, NUMBERS, VALUES, BLOCK = 26, 13, 100_000, 1 << 17

_TRAIN = """
import sys
from fourfold.core.config import override
from fourfold.recsys import ClickPredictor
from fourfold.recsys.config import PRESETS
config = override(PRESETS["deepfm"](), {"train": {"max_steps": 20, "evaluations": 1}})
found = ClickPredictor("deepfm", config=config, device="cpu").fit(sys.argv[1])
print(sum(weight.nbytes for weight in found.model_.parameters()))
"""


def write_rows(path: Path, rows: int) -> None:
    """Write a log whose ids follow Zipf's law as Parquet or CSV, by the ending of the path, block by block."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    writer: Any = None
    names = pa.array(np.char.mod("%08x", np.arange(VALUES + 1) * 2_654_435_761 % 2**32))
    for start in range(0, rows, BLOCK):
        rng, count = np.random.default_rng((0, start)), min(BLOCK, rows - start)
        columns = {"label": pa.array((rng.random(count) < 0.25).astype(np.int8))}
        columns |= {f"I{number}": pa.array(rng.lognormal(size=count).round(2)) for number in range(1, NUMBERS + 1)}
        for number in range(1, NAMES + 1):
            ids = (VALUES ** rng.random(count)).astype(np.int64)
            columns[f"C{number}"] = names.take(pa.array(ids))
        table = pa.table(columns)
        if writer is None and path.suffix == ".csv":
            writer = csv.CSVWriter(str(path), table.schema, write_options=csv.WriteOptions(quoting_style="none"))
        writer = writer or parquet.ParquetWriter(str(path), table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def watched(command: list[str]) -> dict[str, float]:
    """Run a command that prints the bytes of its weights; return them and the most `RssAnon` that it had, in megabytes,
    its seconds and its exit code."""
    start, most = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        most = max(most, _anonymous(process.pid))
        time.sleep(0.02)
    seconds = round(time.monotonic() - start, 1)
    weights = int((process.communicate()[0] or "0").split()[-1])
    sizes = {"anonymous_mb": round(most / 1024), "weights_mb": round(weights / 2**20)}
    return sizes | {"seconds": seconds, "exit": process.returncode}


def _anonymous(process: int) -> int:
    """Return kilobytes of memory that is no file's; 0 when the process is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def main() -> None:
    """Write, train, print."""
    parser = argparse.ArgumentParser(prog="python -m fourfold.recsys.scale")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, help="Where the table goes; a temporary folder unless given.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path, start = Path(folder) / "log.parquet", time.monotonic()
        write_rows(path, given.rows)
        wrote = round(time.monotonic() - start, 1)
        found = watched([sys.executable, "-c", _TRAIN, str(path)])
        size = path.stat().st_size // 2**20
    print(json.dumps({"rows": given.rows, "table_mb": size, "write_seconds": wrote} | found))


if __name__ == "__main__":
    main()
