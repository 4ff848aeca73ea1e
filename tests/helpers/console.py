"""The command line run inside the test's process."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass

from fourfold.core.cli import main


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


def fourfold(*arguments: object) -> Finished:
    """Run `fourfold ARGUMENTS`; return its exit code and what it wrote."""
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["fourfold", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.argv = argv
    return Finished(code, out.getvalue(), err.getvalue())
