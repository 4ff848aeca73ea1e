"""The command line of every domain: train, eval, predict, check, their output and exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from console import fourfold
from domain_data import Sample

QUICK = ("--preset", "tiny", "--set", "train.epochs=2")


def answer_columns(sample: Sample) -> list[str]:
    return [*sample.pipeline().columns, "error"]


def test_train_eval_predict_check(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained = fourfold(sample.name, "train", data_file, "--out", run, *QUICK, "--test", "0.2", "--json")
    assert trained.code == 0, trained.err
    result = json.loads(trained.out)
    assert result["run"] == str(run) and result["verdict"].startswith("Ship ") and result["rows"] == 12
    kept = json.loads((run / "test.json").read_text(encoding="utf-8"))
    assert kept["rows"] == 12 and kept["metrics"] == result["metrics"]
    assert (run / "test.html").read_text(encoding="utf-8").startswith("<!doctype html>")

    measured = fourfold(sample.name, "eval", run, data_file, "--json", "--report", tmp_path / "page.html")
    assert measured.code == 0, measured.err
    main = sample.pipeline().main_metric
    assert json.loads(measured.out)[main] == json.loads(measured.out)["metrics"][main]["value"]
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")

    out = tmp_path / "answers.csv"
    predicted = fourfold(sample.name, "predict", run, "--file", data_file, "--out", out)
    assert predicted.code == 0, predicted.err
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60 and list(rows[0]) == answer_columns(sample)
    lines = tmp_path / "answers.jsonl"
    assert fourfold(sample.name, "predict", run, "--file", data_file, "--out", lines).code == 0
    answers = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert len(answers) == 60 and list(answers[0]) == answer_columns(sample)

    checked = fourfold(sample.name, "check", data_file, "--json")
    assert checked.code == 0 and json.loads(checked.out)["rows"] == 60 and json.loads(checked.out)["fatal"] == []
    beside = fourfold(sample.name, "check", data_file, "--test", data_file)
    assert beside.code == 0 and beside.out.splitlines()[0].split() == ["data", "data.csv"], beside.err


def test_what_is_not_json_goes_to_stderr(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    done = fourfold(sample.name, "train", data_file, "--out", tmp_path / "run", *QUICK, "--json")
    assert len(done.out.splitlines()) == 1 and json.loads(done.out)


def test_a_person_reads_the_metrics_and_the_verdict(sample: Sample, run: Path, data_file: Path) -> None:
    done = fourfold(sample.name, "eval", run, data_file)
    assert done.code == 0 and "Ship " in done.out and sample.pipeline().main_metric in done.out


def test_inputs_on_the_command_line(sample: Sample, run: Path, data_file: Path) -> None:
    inputs = {
        "nlp": ["a lovely film", "a dull film"],
        "vision": [data_file.parent / "0.png"],
        "recsys": ['{"site": "north", "device": "desk", "age": 30}'],
        "speech": [data_file.parent / "0.wav"],
    }[sample.name]
    done = fourfold(sample.name, "predict", run, *inputs)
    assert done.code == 0, done.err
    assert len(list(csv.DictReader(done.out.splitlines()))) == len(inputs)


def test_a_model_answers_in_another_precision(sample: Sample, run: Path, data_file: Path, tmp_path: Path) -> None:
    said, numbers = [], ("--set", "decoding.times=true") if sample.name == "speech" else ()
    for name in ("float32", "bfloat16"):
        out = tmp_path / f"{name}.jsonl"
        done = fourfold(sample.name, "predict", run, "--file", data_file, "--precision", name, "--out", out, *numbers)
        assert done.code == 0, done.err
        said.append(out.read_text(encoding="utf-8"))
    assert said[0] != said[1] and len(said[0].splitlines()) == len(said[1].splitlines())
    refused = fourfold(sample.name, "eval", run, data_file, "--precision", "int4")
    assert refused.code == 2 and "precision 'int4' is unknown" in refused.err


def test_a_finished_run_resumes_to_exit_code_0(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = fourfold(sample.name, "train", data_file, "--out", run, *QUICK, "--resume")
    assert first.code == 0 and f"{run}: nothing to resume; training starts afresh" in first.err.replace(
        "\n", " "
    ).replace("  ", " ")
    again = fourfold(sample.name, "train", data_file, "--out", run, *QUICK, "--resume")
    assert again.code == 0 and "the run is finished; nothing to do" in " ".join(again.err.split())
    assert again.out == first.out and "Ship " in again.out
    changed = fourfold(sample.name, "train", data_file, "--out", run, "--preset", "tiny", "--resume")
    assert changed.code == 2 and "cannot resume: train.epochs was 2" in changed.err
    refused = fourfold(sample.name, "train", data_file, "--out", run, *QUICK)
    assert refused.code == 2 and "the folder holds a run" in refused.err
    forced = fourfold(sample.name, "train", data_file, "--out", run, *QUICK, "--force")
    assert forced.code == 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.epoch=3", "config train: unknown setting 'epoch'; did you mean 'epochs'?"),
        ("trian.epochs=3", "config: unknown setting 'trian'; did you mean 'train'?"),
        ("train.epochs=many", "train.epochs: 'many' is not a number"),
        ("train.epochs", "--set train.epochs: write it as section.key=value, such as train.epochs=5"),
        ("train.precision=int4", "train.precision: 'int4' is not one of auto, float32, bfloat16, float16"),
    ],
)
def test_a_wrong_setting_is_named(sample: Sample, data_file: Path, setting: str, message: str, tmp_path: Path) -> None:
    done = fourfold(sample.name, "train", data_file, "--set", setting, "--out", tmp_path / "run")
    assert (done.code, done.err, done.out) == (2, f"error: {message}\n", "")
    assert not (tmp_path / "run").exists()


def test_settings_come_from_a_file(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    (tmp_path / "quick.toml").write_text("[train]\nepochs = 1\nseed = 7\n")
    run = tmp_path / "run"
    done = fourfold(
        sample.name, "train", data_file, "--config", tmp_path / "quick.toml", "--preset", "tiny", "--out", run
    )
    assert done.code == 0, done.err
    assert json.loads((run / "config.json").read_text())["config"]["train"]["epochs"] == 1
    assert json.loads((run / "config.json").read_text())["config"]["train"]["seed"] == 7
