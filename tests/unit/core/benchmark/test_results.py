"""Results are read as they were written, joined, and refused where they are something else."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_runs import ladder, results, row

from fourfold.core.benchmark.results import Results, join, read_results, write_results
from fourfold.core.benchmark.summary import summaries
from fourfold.core.errors import ArtifactError

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
rows = st.lists(
    st.fixed_dictionaries(
        {"domain": words, "case": words, "model": words, "seed": st.integers(0, 9), "note": words},
        optional={
            "value": st.floats(allow_nan=False, allow_infinity=False),
            "error": words,
            "others": st.dictionaries(words, st.floats(0, 1)),
            "manifest": st.dictionaries(words, words),
        },
    ),
    max_size=4,
)


@given(rows)
def test_json_comes_back(found: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = results(Path(folder), found)
        write_results(Path(folder), written)
        assert read_results(Path(folder)) == written
        assert read_results(Path(folder) / "bench.json").rows == written.rows


@given(rows)
def test_csv_has_a_line_for_each_row(found: list[dict[str, object]]) -> None:
    written = Results.of("quick", "2026", found, Path())
    lines = list(csv.DictReader(io.StringIO(written.to_csv(), newline="")))
    assert [(line["domain"], line["model"], line["seed"]) for line in lines] == [
        (one["domain"], one["model"], str(one["seed"])) for one in found
    ]
    assert [line["value"] for line in lines] == ["" if "value" not in one else str(one["value"]) for one in found]


def test_numbers_that_are_none_are_null(tmp_path: Path) -> None:
    write_results(tmp_path, results(tmp_path, [row(tmp_path, "tiny", "core", 0.9, value=float("nan"))]))
    text = (tmp_path / "bench.json").read_text()
    assert "NaN" not in text and json.loads(text)["rows"][0]["value"] is None


def test_equal_machines_are_told_once(tmp_path: Path) -> None:
    found = results(tmp_path, ladder(tmp_path, 0.5, 0.8, 0.9))
    assert len(found.manifests) == 1 and {one["manifest"] for one in found.rows} == set(found.manifests)


def test_joined_results_take_the_later_of_a_run_done_twice(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    before = results(first, ladder(first, 0.5, 0.8, 0.7))
    after = results(second, [row(second, "tiny", "core", 0.95), row(second, "small", "core", 0.96)])
    both = join([before, after])
    assert [one["model"] for one in both.rows] == ["prior", "svm", "tiny", "small"]
    (case,) = summaries(both)
    quality = {one.model: one.quality.value for one in case.rungs}
    assert quality["tiny"] > 0.9 and all(one.gain is not None for one in case.rungs if one.model != "svm")


def test_joined_results_keep_what_was_trained_in_other_ways_or_on_other_data(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    before = [
        *ladder(first, 0.5, 0.8, 0.9),
        {"domain": "nlp", "case": "toys", "model": "base", "seed": 0, "error": "x"},
    ]
    before[-1] |= {"share": 1.0}
    tuned = row(second, "tiny", "core", 0.95, tune="2m", settings={"train.lr": 0.1})
    again = row(second, "tiny", "core", 0.96, tune="2m", settings={"train.lr": 0.2})
    after = [tuned, row(second, "base", "core", 0.9), *ladder(second, 0.5, 0.7, 0.8, train_hash="c" * 64)]
    both = join([results(first, before), results(second, after), results(second, [again])])
    assert len(both.rows) == 3 + 2 + 3 and not both.failed, "what failed at first and was done later is no failure"
    case, other = summaries(both)
    assert [one.label for one in case.rungs] == ["prior", "svm", "tiny (not tuned)", "tiny (tuned for 2m)", "base"]
    assert case.rungs[3].runs[0]["settings"] == {"train.lr": 0.2}, "of the same search the later"
    assert (other.case, len(other.rungs)) == ("toys (other data, 2)", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "{path}: no results there; give a folder that `fourfold bench --out` wrote"),
        ("{", "{file}: damaged ("),
        ("[]", "{file}: no results of a benchmark; give a folder that `fourfold bench --out` wrote"),
        (
            '{"format": "fourfold-bench", "version": 1}',
            "{file}: results in format 1, and this Fourfold reads 2; run it again",
        ),
        (
            '{"format": "fourfold-bench", "version": 2}',
            "{file}: damaged ('preset' is missing); run the benchmark again",
        ),
    ],
)
def test_what_is_no_result_is_refused(text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "bench.json").write_text(text)
    with pytest.raises(ArtifactError) as raised:
        read_results(tmp_path)
    assert str(raised.value).startswith(message.format(path=tmp_path, file=tmp_path / "bench.json"))
