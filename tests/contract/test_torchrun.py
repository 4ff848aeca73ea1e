"""The command line under torchrun: two ranks train one model, the first alone writes and speaks, and one may die."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from console import fourfold
from domain_data import SAMPLES, Sample
from torchrun import kill_rank, torchrun, train_with_ranks, wait_for

LONG = {"epochs": 40, "batch_rows": 8, "checkpoint_seconds": 0}


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_ranks_train_one_model(sample: Sample, data_file: Path, parallel: str, tmp_path: Path) -> None:
    train_with_ranks(sample.name, data_file, tmp_path / "run", ranks=2, parallel=parallel)
    X, _ = sample.make(5, 0)
    assert len(type(sample.pipeline()).load(tmp_path / "run").predict(X)) == 5


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SAMPLES["nlp"].write(tmp_path_factory.mktemp("texts"), 60, 0)


def start(data: Path, out: Path, parallel: str, *options: str, restarts: int = 0) -> subprocess.Popen[str]:
    """Start two ranks on some 280 steps, with a checkpoint after every tenth."""
    settings = [word for name, value in LONG.items() for word in ("--set", f"train.{name}={value}")]
    words = ["--preset", "tiny", *settings, "--set", f"train.parallel={parallel}", *options]
    return torchrun("nlp", "train", data, "--out", out, *words, ranks=2, restarts=restarts, cwd=out.parent)


def finish(job: subprocess.Popen[str], out: Path) -> bytes:
    _, said = job.communicate(timeout=300)
    assert job.returncode == 0, said
    return (out / "model.safetensors").read_bytes()


def kill(job: subprocess.Popen[str], out: Path) -> None:
    """Kill the second rank in the middle of training."""
    wait_for(20, out, job)
    kill_rank(job, 1)


@pytest.fixture(scope="module")
def undisturbed(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    return {name: finish(start(texts, folder / name, name), folder / name) for name in ("ddp", "fsdp")}


@pytest.mark.slow
def test_a_rank_that_dies_ends_the_job_with_its_reason(
    texts: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "run"
    job = start(texts, out, "ddp")
    kill(job, out)
    begin = time.monotonic()
    _, said = job.communicate(timeout=300)
    assert time.monotonic() - begin < 30
    assert job.returncode != 0
    root = said[said.index("Root Cause") :]
    assert "rank      : 1 (local_rank: 1)" in root and "Signal 9 (SIGKILL) received by PID" in root
    assert finish(start(texts, out, "ddp", "--resume"), out) == undisturbed["ddp"]


@pytest.mark.slow
@pytest.mark.parametrize(("parallel", "options"), [("ddp", []), ("fsdp", ["--resume"])])
def test_a_job_that_torchrun_restarts_ends_as_if_nothing_had_happened(
    parallel: str, options: list[str], texts: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "run"
    job = start(texts, out, parallel, *options, restarts=1)
    kill(job, out)
    assert finish(job, out) == undisturbed[parallel]


@pytest.mark.parametrize("options", [[], ["--out", "run", "--force"]])
def test_restarts_need_a_folder_to_go_on_in(
    options: list[str], sample: Sample, data_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "1")
    done = fourfold(sample.name, "train", data_file, *options)
    assert (done.code, done.err) == (
        2,
        "error: train: torchrun --max-restarts needs --out RUN, the folder to go on with, and no --force, which would "
        "begin again at each restart\n",
    )


def test_restarts_on_several_machines_need_a_store_each(
    sample: Sample, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"WORLD_SIZE": "2", "GROUP_WORLD_SIZE": "2", "TORCHELASTIC_MAX_RESTARTS": "3"}
    for name, value in (names | {"TORCHELASTIC_USE_AGENT_STORE": "True"}).items():
        monkeypatch.setenv(name, value)
    done = fourfold(sample.name, "train", data_file, "--out", tmp_path / "run")
    assert (
        done.code == 2
        and (
            "error: torchrun --max-restarts=3 on several machines needs TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 in the "
            "environment of every torchrun, or a restarted rank looks for ranks that are gone\n"
        )
        in done.err
    )
    assert not (tmp_path / "run").exists()
