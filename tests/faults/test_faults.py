"""Full disks, folders that may not be written, flipped bytes and changed data: each is named, or silently mended."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import disks
import pytest
from domain_data import SAMPLES
from forked import Whole, run, said, trained
from killing import ROWS, Job, left_behind, result

SIZES = (16, 64, 128, 256, 512, 1024)
"""Disks of so many KiB, on which a run comes to an end sooner or later."""


@pytest.fixture(scope="module", params=sorted(SAMPLES))
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp(request.param)
    data = SAMPLES[request.param].write(folder, ROWS, 0)
    return trained(Job(request.param, data, folder / "whole"))


def stopped(whole: Whole, place: Path) -> Job:
    """A run that was killed in the middle of training."""
    job = replace(whole.job, place=place, kill_before=whole.changes // 2)
    place.mkdir(parents=True)
    assert run(job) == [-9]
    assert any((job.out / "checkpoints").glob("step-*"))
    return job.again()


def test_a_full_disk_is_named_and_gone_on_from(whole: Whole, tmp_path: Path) -> None:
    refused = 0
    for size in SIZES:
        job = replace(whole.job, place=tmp_path / str(size))
        job.place.mkdir()
        codes = run(job, work=disks.train_on_a_small_disk)
        if codes == [disks.NOT_ALLOWED]:
            pytest.skip("needs namespaces, to have a small disk")
        assert codes == [0]
        first, then = said(job), said(job.again())
        assert first["error"] is None or "No space left on device" in first["message"], first
        refused += first["error"] is not None
        assert then["error"] is None, then
        assert result(job) == whole.result and left_behind(job) == []
    assert refused >= 2


@pytest.mark.parametrize("begun", [False, True])
def test_a_folder_that_may_not_be_written_is_named(begun: bool, whole: Whole, tmp_path: Path) -> None:
    job = stopped(whole, tmp_path / "place") if begun else replace(whole.job, place=tmp_path / "place")
    job.out.mkdir(parents=True, exist_ok=True)
    codes = run(job, work=disks.train_in_a_read_only_folder)
    if codes == [disks.NOT_ALLOWED]:
        pytest.skip("needs namespaces, to have a read-only disk")
    assert codes == [0]
    found = said(replace(job, notes=job.data.parent))
    assert found["error"] == "NotSaved" and found["message"].startswith(f"{job.out}")
    assert "(Read-only file system)" in found["message"]
    assert run(job.again()) == [0]
    assert result(job) == whole.result


def flip(path: Path, chance: random.Random) -> None:
    """Change one bit."""
    raw = bytearray(path.read_bytes())
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    path.write_bytes(raw)


def test_a_flipped_bit_in_what_is_kept_between_runs_changes_nothing(whole: Whole, tmp_path: Path) -> None:
    """Of every file in the cache."""
    names = [path.relative_to(whole.job.cache) for path in whole.job.cache.rglob("*") if path.is_file()]
    assert bool(names) == (whole.job.domain in ("vision", "speech"))
    chance = random.Random(0)
    for number, name in enumerate(names):
        job = replace(whole.job, place=tmp_path / str(number))
        shutil.copytree(whole.job.cache, job.cache)
        flip(job.cache / name, chance)
        assert run(job) == [0]
        assert result(job) == whole.result, name
        assert (job.cache / name).read_bytes() == (whole.job.cache / name).read_bytes()


def test_a_flipped_bit_in_what_a_run_goes_on_from_changes_nothing(whole: Whole, tmp_path: Path) -> None:
    """Of the newest checkpoint and of all that was learned before it, each file by itself."""
    first = stopped(whole, tmp_path / "first")
    newest = max((first.out / "checkpoints").glob("step-*"))
    chance = random.Random(0)
    folders = (newest, first.out / "features", first.out / "stages")
    there = [one for folder in folders for one in folder.rglob("*") if one.is_file()]
    for number, path in enumerate(there):
        job = replace(first, place=tmp_path / str(number))
        shutil.copytree(first.place, job.place)
        flip(job.place / path.relative_to(first.place), chance)
        assert run(job) == [0]
        assert said(job)["error"] is None and result(job) == whole.result, path


def test_data_that_changed_since_the_kill_are_refused(whole: Whole, tmp_path: Path) -> None:
    first = stopped(whole, tmp_path / "place")
    data = shutil.copytree(first.data.parent, tmp_path / "data", ignore=shutil.ignore_patterns("whole", "said*"))
    changed = {"vision": "7.png", "speech": "7.wav"}.get(first.domain, first.data.name)
    raw = bytearray((data / changed).read_bytes())
    if first.domain in ("vision", "speech"):
        (data / changed).write_bytes((data / changed.replace("7", "8")).read_bytes())
    else:
        (data / changed).write_bytes(raw.replace(b"desk", b"dusk", 1).replace(b"film", b"fill", 1))
    job = replace(first, data=data / first.data.name)
    assert run(job) == [0]
    found = said(job)
    assert found["error"] == "CannotResume", found
    whose = ("data was ", "valid was ")  # of the rows to learn from, or of those that are held out
    assert found["message"].startswith(tuple(f"{job.out}: cannot resume: {one}" for one in whose))
    back = replace(first, attempt=first.attempt + 1)
    assert run(back) == [0] and result(back) == whole.result
