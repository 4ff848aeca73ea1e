"""What is imported: how long a command takes to its first answer is mostly that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from domain_data import SAMPLES, Sample

PREDICT = """
import sys
from fourfold.core.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", SAMPLES)
def test_importing_a_domain_does_not_import_torch(name: str) -> None:
    heavy = "{'torch', 'sklearn', 'pandas', 'transformers'}"
    code = f"import sys, fourfold.{name}; print(sorted({heavy} & set(sys.modules)))"
    assert said(code) == "[]\n"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_pipeline_imports_late_what_an_answer_may_not_need(name: str) -> None:
    heavy = "{'sklearn', 'scipy', 'transformers', 'timm', 'torchaudio', 'torchvision', 'matplotlib', 'optuna'}"
    code = f"import sys, fourfold.{name}.pipeline, fourfold.core.commands; print(sorted({heavy} & set(sys.modules)))"
    assert said(code) == "[]\n"


def test_help_does_not_import_torch() -> None:
    code = "import sys; from fourfold.core.cli import build_app; build_app(); print('torch' in sys.modules)"
    assert said(code) == "False\n"


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=list(SAMPLES))
def test_a_prediction_imports_no_compiler(sample: Sample, tmp_path: Path) -> None:
    """torch's takes as long as torch; pandas is for tables, and a sound is none."""
    run, data_file = tmp_path / "run", sample.write(tmp_path, 60, 0)
    sample.pipeline().fit(data_file, valid=0.2, out=run)
    inputs = {"nlp": ["a fine film"], "recsys": ["--file", str(data_file)]}
    sounds = [str(path) for path in sorted(data_file.parent.glob("0.*"))]
    command = [sys.executable, "-c", PREDICT, sample.name, "predict", str(run), *inputs.get(sample.name, sounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    imported = set(done.stderr.splitlines()[-1].split())
    assert done.returncode == 0 and len(done.stdout.splitlines()) > 1 and "torch" in imported, done.stderr
    assert not {"torch._dynamo", "sympy", "matplotlib"} & imported
    if sample.name == "speech":
        assert not {"pandas", "pyarrow", "sklearn", "scipy"} & imported
