"""Python environments for peers whose requirements are not those of this one."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..cache import user_cache
from ..errors import MissingPackage

_DONE = ".complete"


def python_for(requires: Sequence[str], say: Callable[[str], None]) -> str:
    """Return the Python that has these requirements: this one, or that of an environment made for them once.

    It sees the packages of this environment, too, behind its own. Raises ConfigError where it cannot be made.
    """
    if all(map(is_here, requires)):
        return sys.executable
    key = hashlib.sha256("\n".join([sys.executable, *requires]).encode()).hexdigest()[:16]
    folder = user_cache().kept("peers") / key  # kept, since a cache that makes room would take it from who runs in it
    python = folder / "bin" / "python"
    if not (folder / _DONE).exists():
        say(f"makes an environment with {', '.join(requires)} (once): {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _make(folder, python, requires)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return str(python)


def is_here(requirement: str) -> bool:
    """Say whether a requirement is met in this environment.

    >>> is_here("numpy>=1"), is_here("numpy<1"), is_here("no-such-package")
    (True, False, False)
    """
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False


def _make(folder: Path, python: Path, requires: Sequence[str]) -> None:
    _call([sys.executable, "-m", "venv", str(folder)], "a virtual environment cannot be made")
    beside = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    site = next(folder.glob("lib/python*/site-packages"))
    lines = [f"import site; site.addsitedir({path!r})\n" for path in beside]  # so that editable installs are seen
    (site / "beside.pth").write_text("".join(lines), encoding="utf-8")
    _call([str(python), "-m", "pip", "install", "--quiet", *requires], f"pip install {' '.join(requires)} failed")
    (folder / _DONE).touch()


def _call(command: Sequence[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        told = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        raise MissingPackage(f"peers: {what}: {(told or lines)[-1]}")
