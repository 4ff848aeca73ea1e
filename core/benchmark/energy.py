"""The energy that work took: read from the machine where it tells, else estimated from the processor's time."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WATTS = 10.0
"""What a busy core is taken to draw where nothing can be read: a server's share of its processor, in watts."""

ESTIMATED = f"estimated: processor seconds × {WATTS:g} W a core"
_RAPL = Path("/sys/class/powercap")


@dataclass
class Energy:
    """Joules, and where they come from; filled when the work is done."""

    joules: float = 0.0
    source: str = ESTIMATED


@contextmanager
def measured() -> Iterator[Energy]:
    """Measure what is done inside.

    Of a processor its own counter is read (RAPL, whole packages: what other programs draw is in it), of a GPU NVIDIA's
    (NVML). Where the first cannot be read, the processor seconds of this process and its children times `WATTS` are
    taken.
    """
    found = Energy()
    packages, boards = _packages(), _boards()
    start = {path: _number(path) for path in packages}, [board() for board in boards], _processor_seconds()
    yield found
    sources = []
    if packages and all(value is not None for value in start[0].values()):
        found.joules = sum(_spent(path, begin) for path, begin in start[0].items()) / 1e6
        sources.append("RAPL, whole packages")
    else:
        found.joules = (_processor_seconds() - start[2]) * WATTS
        sources.append(ESTIMATED)
    if boards:
        found.joules += sum(board() - begin for board, begin in zip(boards, start[1], strict=True)) / 1e3
        sources.append("NVML")
    found.source = " + ".join(sources)


def _packages() -> list[Path]:
    """Return the counters of the processor's packages that can be read.

    Other zones of that level, as that of the whole platform (psys), hold the packages once more.
    """
    zones = [path.parent for path in sorted(_RAPL.glob("intel-rapl:*/energy_uj")) if os.access(path, os.R_OK)]
    return [zone / "energy_uj" for zone in zones if _named(zone).startswith("package-")]


def _named(zone: Path) -> str:
    try:
        return (zone / "name").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _spent(path: Path, begin: int | None) -> int:
    """Return the microjoules since `begin`; the counter starts again at its range."""
    end, most = _number(path), _number(path.with_name("max_energy_range_uj"))
    assert begin is not None
    if end is None:
        return 0
    return end - begin if end >= begin else end - begin + (most or 0)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _processor_seconds() -> float:
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def _boards() -> list[_Board]:
    """Return the GPUs that count the energy they take."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
        if library.nvmlInit_v2():
            return []
        count = ctypes.c_uint()
        library.nvmlDeviceGetCount_v2(ctypes.byref(count))
    except (OSError, AttributeError):
        return []
    found = [_Board(library, number) for number in range(count.value)]
    return [board for board in found if board.counts]


class _Board:
    """A GPU's counter of millijoules."""

    def __init__(self, library: ctypes.CDLL, number: int):
        self.library, self.handle = library, ctypes.c_void_p()
        library.nvmlDeviceGetHandleByIndex_v2(number, ctypes.byref(self.handle))
        self.counts = self._read() is not None

    def __call__(self) -> int:
        return self._read() or 0

    def _read(self) -> int | None:
        value = ctypes.c_ulonglong()
        failed = self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle, ctypes.byref(value))
        return None if failed else int(value.value)
