"""How the command line tells of an error: in one line on stderr, for people, or with `--json` for programs."""

from __future__ import annotations

import errno
import json
import sys

from ..errors import FourfoldError, OutOfMemory, Unexpected, WrongPath

_PATHS = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EACCES)
"""What the system says of paths that a person should look at again."""


def tell(error: Exception, *, as_json: bool) -> int:
    """Print an error as the last line of stderr, `as_json` with its code; return the exit code.

    Standard output is left to results, of which some may have been written before.
    """
    ours = _as_ours(error)
    message = _harmless(str(ours))
    told = {"error": {"code": ours.code, "message": message}}
    print(json.dumps(told, ensure_ascii=False) if as_json else f"error: {message}", file=sys.stderr)
    return ours.exit_code


def _as_ours(error: Exception) -> FourfoldError:
    if isinstance(error, FourfoldError):
        return error
    if isinstance(error, MemoryError):
        return OutOfMemory("not enough memory; give less data at once, or a larger machine")
    if not isinstance(error, OSError) or not error.filename:
        return Unexpected(f"{error!r} (--debug shows where)")
    if error.errno in _PATHS:
        return WrongPath(f"{error.filename}: {str(error.strerror).lower()}; check the path")
    return Unexpected(f"{error.filename}: {error.strerror} (--debug shows where)")


def _harmless(message: str) -> str:
    """Return a message as one line in which names out of data cannot steer the terminal."""
    if message.isprintable():
        return message
    from ..report import visible

    return str(visible(message)).replace("\n", " ")
