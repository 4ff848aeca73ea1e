"""What a prediction imports: how long a command takes to its first answer is mostly that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from domain_data import Sample

PREDICT = """
import sys
from fourfold.core.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def test_a_prediction_imports_no_compiler(sample: Sample, run: Path, data_file: Path) -> None:
    """torch's takes as long as torch; pandas is for tables, and a sound is none."""
    inputs = {"nlp": ["a fine film"], "recsys": ["--file", str(data_file)]}
    sounds = [str(path) for path in sorted(data_file.parent.glob("0.*"))]
    command = [sys.executable, "-c", PREDICT, sample.name, "predict", str(run), *inputs.get(sample.name, sounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    imported = set(done.stderr.splitlines()[-1].split())
    assert done.returncode == 0 and len(done.stdout.splitlines()) > 1 and "torch" in imported, done.stderr
    assert not {"torch._dynamo", "sympy", "matplotlib"} & imported
    if sample.name == "speech":
        assert not {"pandas", "pyarrow", "sklearn", "scipy"} & imported
