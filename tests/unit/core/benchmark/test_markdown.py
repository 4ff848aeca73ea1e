"""The README's table is what the JSON says, and stays between its marks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from console import fourfold
from made_up_runs import ladder, results

from fourfold.core.benchmark.command import write_all
from fourfold.core.benchmark.markdown import BEGIN, END, put_into, table
from fourfold.core.errors import ArtifactError

ROOT = Path(__file__).parents[4]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [*ladder(tmp_path, 0.5, 0.8, 0.95), *ladder(tmp_path, 0.5, 0.9, 0.8, case="a|b")]
    write_all(tmp_path, results(tmp_path, [*rows, *ladder(tmp_path, 0.5, 0.501, 0.502, case="noise")]))
    return tmp_path


def test_a_line_for_each_case(folder: Path) -> None:
    lines = table(folder).splitlines()
    tiny, svm, noise = lines[2:5]
    assert tiny.startswith("| nlp: toys (synthetic) | **tiny** | accuracy 9") and " svm, 8" in tiny
    assert tiny.endswith("| 1.5 s | 0.50 ms | 200 kB |")
    assert svm.startswith("| nlp: a\\|b (synthetic) | **svm** |") and "| nothing yet |" in noise
    assert lines[-1] == "`fourfold bench --preset quick`, 1 seed, 2026-11-27, 2 cores of a made-up one, commit abc1234."


def test_learning_curves_are_left_out_and_every_commit_is_named(tmp_path: Path) -> None:
    other = {"processor": "a made-up one", "cores": 2, "commit": "def5678"}
    rows = [*ladder(tmp_path, 0.5, 0.8, 0.95), *ladder(tmp_path, 0.5, 0.8, 0.95, seed=1, manifest=other)]
    rows += [one | {"train_seconds": 0.01} for one in ladder(tmp_path, 0.5, 0.6, 0.7, share=0.1)]
    write_all(tmp_path, results(tmp_path, rows))
    _, _, line, _, below = table(tmp_path).splitlines()
    assert "accuracy 9" in line and "svm, 79" in line and "| 1.5 s |" in line
    assert below == (
        "`fourfold bench --preset quick`, 2 seeds, 2026-11-27, 2 cores of a made-up one, commits abc1234, def5678."
    )


def test_conclusions_are_in_the_json(folder: Path) -> None:
    found = json.loads((folder / "bench.json").read_text())["cases"]
    assert [(case["case"], case["ship"], case["classical"]) for case in found] == [
        ("toys", "tiny", "svm"),
        ("a|b", "svm", "svm"),
        ("noise", None, "svm"),
    ]
    tiny = found[0]["rungs"][-1]
    assert tiny["gain"]["low"] > 0 and tiny["parameters"] == 12_345 and tiny["command"].startswith("fourfold bench")


def test_it_stays_between_its_marks(folder: Path) -> None:
    document = folder / "README.md"
    document.write_text(f"before\n{BEGIN}\nold \\1\n{END}\nafter\n")
    done = fourfold("bench", "tables", folder, document)
    assert done.code == 0, done.err
    text = document.read_text()
    assert text == f"before\n{BEGIN}\n{table(folder)}\n{END}\nafter\n"
    put_into(document, table(folder))
    assert document.read_text() == text and fourfold("bench", "tables", folder).out == table(folder) + "\n"
    document.write_text("nothing")
    with pytest.raises(ArtifactError, match="no place for the table; write a line <!-- bench"):
        put_into(document, "x")


def test_what_has_no_conclusions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"no conclusions of a benchmark \('cases'\); run fourfold bench"):
        table(tmp_path)


def test_the_readme_shows_what_was_measured() -> None:
    measured, readme = ROOT / "docs" / "measurements" / "bench.json", (ROOT / "README.md").read_text()
    assert BEGIN in readme, "the README has a place for the table"
    assert f"{BEGIN}\n{table(measured)}\n{END}" in readme, "make tables"
