"""How long a command takes to its first answer: `python -m fourfold.core.benchmark.start DOMAIN RUN INPUT`.

A fresh process each of `--repeats` times. Printed as JSON: the median seconds from the start of the process to the
first row of `fourfold DOMAIN predict RUN INPUT`, those of `import torch` alone in turns with it, and what Python spends
on the imports of each package (`-X importtime`, packages that it imports included, itself slower than a plain start).
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from ..report import plain_json
from .manifest import manifest

_LINE = re.compile(r"import time:\s+\d+ \|\s+(\d+) \| *([\w.]+)")
_LEAST = 0.02


def seconds_to_line(arguments: Sequence[str], number: int) -> float:
    """Return the seconds from the start of Python with these arguments to the end of a line of its output.

    >>> 0 < seconds_to_line(["-c", "print('one'); print('two')"], 2) < 60
    True
    """
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for _ in range(number):
            running.stdout.readline()
        seconds = time.perf_counter() - start
    if running.returncode:
        raise SystemExit(f"python {' '.join(arguments)}: exit code {running.returncode}")
    return seconds


def import_seconds(arguments: Sequence[str]) -> dict[str, float]:
    """Return the seconds of the first import of each top-level package that takes long, the longest first."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True
    ).stderr
    found = ((int(micro) / 1e6, name) for micro, name in _LINE.findall(done) if "." not in name)
    return {name: round(seconds, 3) for seconds, name in sorted(found, reverse=True) if seconds >= _LEAST}


def main() -> None:
    """Measure in turns and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("domain", "run", "input"):
        parser.add_argument(name)
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    command = ["-m", "fourfold", asked.domain, "predict", asked.run, asked.input]
    answers, torches = [], []
    for _ in range(asked.repeats):
        answers.append(seconds_to_line(command, 2))  # the first line names the columns
        torches.append(seconds_to_line(["-c", "import torch; print()"], 1))
    found = {"seconds": answers, "torch_seconds": torches}
    row = {name: round(statistics.median(values), 3) for name, values in found.items()}
    most = {"slowest": round(max(answers), 3), "fastest": round(min(answers), 3), "repeats": asked.repeats}
    print(plain_json(row | most | {"imports": import_seconds(command), "manifest": manifest()}))


if __name__ == "__main__":
    main()
