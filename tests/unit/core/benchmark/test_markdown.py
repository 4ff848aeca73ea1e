"""The README's table is what the JSON says, and stays between its marks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from console import fourfold
from made_up_runs import ladder, results, row

from fourfold.core.benchmark.command import write_all
from fourfold.core.benchmark.markdown import PLACE, filled, table
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
    assert tiny.startswith("| nlp: toys (synthetic), accuracy | tiny 9") and " | svm 80.0 % (" in tiny
    assert tiny.endswith(" | **tiny** | 1.5 s | 0.50 ms | 200 kB |") and " points (+" in tiny
    assert svm.startswith("| nlp: a\\|b (synthetic), accuracy | tiny ") and " | **svm** | " in svm
    assert noise.endswith(" | nothing yet | – | – | – |") and len({line.count(" | ") for line in lines[2:5]}) == 1
    assert lines[-1] == "`fourfold bench --preset quick`, 1 seed, 2026-11-27, 2 cores of a made-up one, commit abc1234."


def test_of_several_the_transformer_that_ships_is_shown_else_the_best(tmp_path: Path) -> None:
    errors = {"metric": "wer", "greater_is_better": False, "kept": ""}
    rows = [*ladder(tmp_path, 0.5, 0.7, 0.95), row(tmp_path, "small", "core", 0.955)]
    more = [*ladder(tmp_path, 0.9, 0.1, 0.4, case="errors"), row(tmp_path, "small", "core", 0.9, case="errors")]
    rows += [one | errors for one in more]
    write_all(tmp_path, results(tmp_path, rows))
    ships, best = table(tmp_path).splitlines()[2:4]
    assert "| tiny 9" in ships and "**tiny**" in ships, "small is ahead by its mean"
    assert "| tiny 39.0 %" in best and "**svm**" in best, "of errors fewer are better"
    assert " | – | **svm**" in best, "nothing pairs them"


def test_a_blend_shows_what_its_deep_part_gives(tmp_path: Path) -> None:
    rows = ladder(tmp_path, 0.5, 0.8, 0.95)
    rows[-1] |= {"branches": {"Transformer alone": 0.75, "linear model alone": 0.8}}
    write_all(tmp_path, results(tmp_path, rows))
    assert "), Transformer alone 75.0 % | svm" in table(tmp_path)


def test_learning_curves_are_left_out_and_every_commit_is_named(tmp_path: Path) -> None:
    other = {"processor": "a made-up one", "cores": 2, "commit": "def5678"}
    rows = [*ladder(tmp_path, 0.5, 0.8, 0.95), *ladder(tmp_path, 0.5, 0.8, 0.95, seed=1, manifest=other)]
    rows += [one | {"train_seconds": 0.01} for one in ladder(tmp_path, 0.5, 0.6, 0.7, share=0.1)]
    write_all(tmp_path, results(tmp_path, rows, "fourfold bench --preset quick --case toys"))
    _, _, line, _, below = table(tmp_path).splitlines()
    assert "tiny 9" in line and "| svm " in line and "| 1.5 s |" in line
    assert below == (
        "`fourfold bench --preset quick --case toys`, 2 seeds, 2026-11-27, 2 cores of a made-up one, commits abc1234, "
        "def5678."
    )


def test_what_cases_came_to_is_kept_without_the_runs(folder: Path) -> None:
    """It makes the same table, and is small."""
    assert table(folder / "cases.json") == table(folder / "bench.json") == table(folder)
    assert (folder / "cases.json").stat().st_size < (folder / "bench.json").stat().st_size
    assert "rows" not in json.loads((folder / "cases.json").read_text())


def test_conclusions_are_in_the_json(folder: Path) -> None:
    found = json.loads((folder / "bench.json").read_text())["cases"]
    assert [(case["case"], case["ship"], case["classical"]) for case in found] == [
        ("toys", "tiny", "svm"),
        ("a|b", "svm", "svm"),
        ("noise", None, "svm"),
    ]
    tiny = found[0]["rungs"][-1]
    assert tiny["gain"]["low"] > 0 and tiny["parameters"] == 12_345 and tiny["command"].startswith("fourfold bench")


def test_tables_stay_in_their_places(folder: Path) -> None:
    """Each comes from the JSON that its place names; a place whose JSON is not there yet is empty."""
    document, (begin, end) = folder / "README.md", ("<!-- bench {}: written by make tables -->", "<!-- /bench -->")
    places = [f"{begin.format(name)}\nold \\1\n{end}" for name in ("bench.json", "later.json", "cases.json")]
    document.write_text(f"before\n{places[0]}\nbetween\n{places[1]}\n{places[2]}\nafter\n")
    done = fourfold("bench", "tables", document)
    assert done.code == 0, done.err
    first, second, third = (begin.format(name) for name in ("bench.json", "later.json", "cases.json"))
    wanted = (
        f"before\n{first}\n{table(folder)}\n{end}\nbetween\n{second}\n{end}\n{third}\n{table(folder)}\n{end}\nafter\n"
    )
    assert document.read_text() == wanted == filled(document)
    assert fourfold("bench", "tables", folder).out == table(folder) + "\n"
    document.write_text("nothing")
    with pytest.raises(ArtifactError, match="no place for a table; write a line <!-- bench"):
        filled(document)


def test_what_has_no_conclusions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"no conclusions of a benchmark \('cases'\); run fourfold bench"):
        table(tmp_path)


def test_the_readme_shows_what_was_measured() -> None:
    """Each of its tables is what the JSON beside it says, and none is there without."""
    readme = ROOT / "README.md"
    measured = [ROOT / place[2] for place in PLACE.finditer(readme.read_text())]
    assert [path.name for path in measured] == ["bench.json", "real.json"], "the README has a place for each table"
    assert filled(readme) == readme.read_text(), "make tables"
    assert all(path.stat().st_size < 100_000 for path in measured if path.exists())
