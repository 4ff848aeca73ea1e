"""Disks that are full or read-only, for the process that makes them and for no other."""

from __future__ import annotations

import ctypes
import os
import shutil
from dataclasses import replace
from pathlib import Path

from killing import Job, train

NOT_ALLOWED = 77
"""The exit code of a process that may not have disks of its own."""

_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 32, 4096, 16384, 1 << 18


_ROOM = 64 << 20


def train_on_a_small_disk(job: Job) -> None:
    """Train on a disk of as many KiB as the folder is called; once it is full, go on with more room; leave the run in
    `job.place`."""
    have_own_disks()
    disk = job.place / "disk"
    small_disk(disk, int(job.place.name) << 10)
    inner = replace(job, place=disk, notes=job.place)
    train(inner)
    enlarge(disk, _ROOM)
    train(inner.again())
    for name in ("run", "cache", "tmp"):
        shutil.copytree(disk / name, job.place / name)


def train_in_a_read_only_folder(job: Job) -> None:
    """Train, or go on, where the folder of the run may not be written to."""
    have_own_disks()
    make_read_only(job.out)
    train(replace(job, notes=job.data.parent))


def have_own_disks() -> None:
    """Let this process, which has one thread, mount what it likes; end it where the system forbids that."""
    user, group = os.getuid(), os.getgid()
    try:
        _call("unshare", _NEW_USER | _NEW_MOUNTS)
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path("/proc/self", name).write_text(text)
        _mount("none", Path("/"), "", _RECURSIVE | _PRIVATE)
    except OSError:
        os._exit(NOT_ALLOWED)


def small_disk(folder: Path, size: int) -> None:
    """Mount an empty disk of so many bytes."""
    folder.mkdir(exist_ok=True)
    _mount("tmpfs", folder, "tmpfs", 0, f"size={size}")


def enlarge(folder: Path, size: int) -> None:
    """Give it more."""
    _mount("tmpfs", folder, "tmpfs", _REMOUNT, f"size={size}")


def make_read_only(folder: Path) -> None:
    """Have a folder be one that nobody may write to."""
    _mount(str(folder), folder, "", _BIND)
    _mount("none", folder, "", _BIND | _REMOUNT | _READ_ONLY)


def _mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    _call("mount", source.encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())


def _call(name: str, *arguments: object) -> None:
    system = ctypes.CDLL(None, use_errno=True)
    if getattr(system, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
