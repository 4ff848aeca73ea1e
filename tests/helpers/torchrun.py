"""The command line under torchrun, and a port for ranks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def torchrun(*arguments: object, ranks: int, restarts: int = 0, cwd: Path) -> subprocess.Popen[str]:
    """Start `fourfold ARGUMENTS` with so many ranks."""
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}", f"--max-restarts={restarts}"]
    return subprocess.Popen(
        [sys.executable, *launch, "-m", "fourfold", *map(str, arguments)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2] / ".src")},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def train_with_ranks(domain: str, data: Path, out: Path, *, ranks: int, parallel: str) -> None:
    """Train two epochs of `tiny` with so many ranks, of which the first alone may speak; fail where it says nothing."""
    options = ["--preset", "tiny", "--set", f"train.parallel={parallel}", "--set", "train.epochs=2", "--json"]
    job = torchrun(domain, "train", data, "--out", out, *options, ranks=ranks, cwd=out.parent)
    said, errors = job.communicate(timeout=300)
    assert job.returncode == 0, errors
    assert json.loads(said)["verdict"].startswith("Ship ")


def kill_rank(job: subprocess.Popen[str], rank: int) -> None:
    """Send SIGKILL to the process that is this rank of a job."""
    children = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
    for pid in map(int, children):
        if f"RANK={rank}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            os.kill(pid, signal.SIGKILL)
            return
    raise AssertionError(f"no rank {rank} among {children}")


def wait_for(step: int, out: Path, job: subprocess.Popen[str], seconds: float = 200) -> None:
    """Wait until a job has written a checkpoint after so many steps or more."""
    end = time.monotonic() + seconds
    while not any(int(path.name.split("-")[1]) >= step for path in (out / "checkpoints").glob("step-*")):
        assert job.poll() is None, job.communicate()
        assert time.monotonic() < end, f"{out}: no checkpoint of step {step} in {seconds} s"
        time.sleep(0.01)
