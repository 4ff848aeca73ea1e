"""The command line under torchrun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def train_with_ranks(domain: str, data: Path, out: Path, *, ranks: int, parallel: str) -> None:
    """Train two epochs of `tiny` with so many ranks, of which the first alone may speak; fail where it says nothing."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    options = ["--preset", "tiny", "--set", f"train.parallel={parallel}", "--set", "train.epochs=2", "--json"]
    done = subprocess.run(
        [*command, "-m", "fourfold", domain, "train", str(data), "--out", str(out), *options],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        cwd=out.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"].startswith("Ship ")
