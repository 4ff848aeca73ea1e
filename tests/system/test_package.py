"""The package: what a wheel holds, and a domain from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAINS = ("nlp", "vision", "recsys", "speech")


def python(*arguments: str, path: Path | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=cwd, check=False
    )


def install(source: Path, target: Path) -> None:
    done = python(
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(target),
        str(source),
    )
    assert done.returncode == 0, done.stderr


def test_every_nested_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {"core", *DOMAINS}
    found = [path.parent.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("__init__.py")]
    assert sorted(listed) == sorted(["fourfold", *(".".join(("fourfold", *path.parts)) for path in found)])


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    import fourfold.nlp

    with pytest.raises(AttributeError, match=r"^module 'fourfold.nlp' has no attribute 'TextClasifier'; did you mean"):
        fourfold.nlp.TextClasifier  # noqa: B018


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if not name.startswith((".src/", "tests/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    done = python(
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        str(source),
    )
    assert done.returncode == 0, done.stderr
    install(next(folder.glob("*.whl")), folder / "site")
    return folder / "site"


def test_the_wheel_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    assert sorted(
        path.name for path in wheel.iterdir() if path.is_dir() and "." not in path.name and path.name != "bin"
    ) == ["fourfold"]
    for name in ("py.typed", "core/report/page.html", "core/report/page.css"):
        assert (wheel / "fourfold" / name).is_file(), name
    code = "import fourfold.core.cli as cli; print(cli.__file__); cli.main()"
    done = python("-c", code, "info", "--json", path=wheel, cwd=tmp_path)
    where, found = done.stdout.splitlines()
    assert where.startswith(str(wheel)), done.stderr
    assert list(json.loads(found)["domains"])[:4] == list(DOMAINS)


def test_a_fifth_domain_joins_through_its_entry_point(tmp_path: Path) -> None:
    """It trains, predicts and is measured with no edit in core."""
    shutil.copytree(ROOT / "tests" / "helpers" / "fifth", tmp_path / "fifth")
    install(tmp_path / "fifth", tmp_path / "site")
    rows = ["series,label"]
    for number in range(40):
        values = [0.1 * k * (1 if number % 2 else -1) for k in range(12)]
        rows.append(" ".join(map(str, values)) + ("," + ("rising" if number % 2 else "falling")))
    (tmp_path / "data.csv").write_text("\n".join(rows) + "\n")
    command = ["-c", "from fourfold.core.cli import main; main()"]

    def fourfold(*arguments: str) -> str:
        done = python(*command, *arguments, path=tmp_path / "site", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "tones" in fourfold("--help")
    trained = json.loads(
        fourfold(
            "tones",
            "train",
            "data.csv",
            "--preset",
            "tiny",
            "--set",
            "train.epochs=60",
            "--out",
            "run",
            "--json",
        )
    )
    assert trained["accuracy"] >= 0.5
    assert len(fourfold("tones", "predict", "run", "--file", "data.csv").splitlines()) == 41
    results = json.loads(fourfold("bench", "--domain", "tones", "--json", "--out", "bench"))["rows"]
    rungs = ("prior", "logistic regression on the numbers", "tiny")
    assert [(row["domain"], row["case"], row["model"]) for row in results] == [("tones", "slopes", x) for x in rungs]
    assert all("error" not in row and row["low"] <= row["value"] <= row["high"] for row in results), results
    assert "slopes" in (tmp_path / "bench" / "bench.html").read_text()
