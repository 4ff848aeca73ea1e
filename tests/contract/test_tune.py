"""Every domain's settings can be tuned: the default first, nothing lost by a kill, nothing compared that differs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from console import Finished, fourfold
from domain_data import Sample

from fourfold.core.config import flatten, override, read_toml, to_dict
from fourfold.core.errors import ArtifactError, ConfigError, DataError, TrainingError
from fourfold.core.training import Interrupted
from fourfold.core.tuning import Search, Tuning
from fourfold.core.tuning.watch import Watch

QUICK = ("--preset", "tiny", "--set", "train.epochs=1")


once = pytest.mark.parametrize("sample", ["recsys"], indirect=True, scope="session")  # what core alone answers


def pipeline_without_space(sample: Sample, monkeypatch: pytest.MonkeyPatch, **train: object) -> Any:
    """The sample's pipeline, searching only what a test names."""
    model = sample.pipeline()
    monkeypatch.setattr(type(model), "space", {})
    return model.set_params(config=override(model.config, {"train": train}))


def tune(sample: Sample, data: Path, out: Path, *options: object) -> Finished:
    off = ("--search", "train.epochs=off") if sample.name in ("nlp", "recsys") else ()
    return fourfold(sample.name, "tune", data, "--out", out, "--valid", "0.2", *QUICK, *off, *options)


@pytest.fixture(scope="module")
def study(sample: Sample, data_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A finished study of three trials and what it printed."""
    out = tmp_path_factory.mktemp(f"{sample.name}_study") / "study"
    done = tune(sample, data_file, out, "--trials", 3, "--json")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 1
    return out, json.loads(done.out)


def test_the_default_comes_first_and_the_best_is_no_worse(sample: Sample, study: tuple[Path, dict[str, Any]]) -> None:
    out, found = study
    preset = flatten(to_dict(type(sample.pipeline()).presets["tiny"]())) | {"train.epochs": 1.0}
    first = found["trials"][0]
    assert [trial["default"] for trial in found["trials"]] == [True, False, False]
    assert first["changed"] == {} and first["settings"].items() <= preset.items()
    assert all(trial["changed"] for trial in found["trials"][1:])
    sign = 1 if found["greater_is_better"] else -1
    assert sign * found["best"]["value"] >= sign * found["default"]["value"]
    assert sorted(path.name for path in out.iterdir() if path.name[0] != ".") == [
        "best.toml", "outputs", "study.db", "study.json", "trials.jsonl", "tune.html",
    ]  # fmt: skip
    assert (out / "study.db").read_bytes().startswith(b"SQLite format 3")
    assert [json.loads(line)["number"] for line in (out / "trials.jsonl").read_text().splitlines()] == [0, 1, 2]
    page = (out / "tune.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "http" not in page.replace("http-equiv", "") and "<script" not in page


def test_training_with_the_best_gives_what_the_trial_gave(
    sample: Sample, study: tuple[Path, dict[str, Any]], data_file: Path, tmp_path: Path
) -> None:
    out, found = study
    assert f"--preset tiny --config {out / 'best.toml'}" in found["command"] and "--valid 0.2" in found["command"]
    kind = type(sample.pipeline())
    read = to_dict(override(kind.presets["tiny"](), read_toml(out / "best.toml")))
    assert json.loads(json.dumps(read)) == found["best_config"]
    words = found["command"].split()
    alone = ("--set", "wide=false") if sample.name != "speech" else ()  # a trial is the Transformer by itself
    trained = fourfold(*words[1:], "--out", tmp_path / "run", *alone, "--json")
    assert trained.code == 0, trained.err
    assert json.loads(trained.out)[found["metric"]] == pytest.approx(found["best"]["value"], abs=1e-6)


def test_a_person_reads_the_best_what_mattered_and_the_command(
    sample: Sample, study: tuple[Path, dict[str, Any]], data_file: Path
) -> None:
    out, found = study
    done = tune(sample, data_file, out, "--trials", 3, "--resume")
    assert done.code == 0 and "all trials are done: 3 trials, " in done.err
    lines = done.out.splitlines()
    assert lines[0].split()[:3] == ["trial", found["metric"], "seconds"]
    assert found["verdict"] in lines and lines[-1] == found["command"]
    assert any(line.startswith("what mattered: ") for line in lines)
    assert len((out / "trials.jsonl").read_text().splitlines()) == 3


def test_what_differs_is_not_resumed(sample: Sample, study: tuple[Path, dict[str, Any]], data_file: Path) -> None:
    out, _ = study
    again = tune(sample, data_file, out)
    message = f"{out}: the folder holds a study; choose another --out, or go on with --resume"
    assert (again.code, again.err) == (2, f"error: {message}\n")
    changed = tune(sample, data_file, out, "--resume", "--seed", 5)
    assert changed.code == 2 and f"{out}: cannot resume: " in changed.err and "train.seed was 0 and is 5" in changed.err
    searched = tune(sample, data_file, out, "--resume", "--search", "train.accumulate=1,2")
    difference = "search train.accumulate was None and is 1,2"
    message = f"{out}: cannot resume: {difference}; use the same, or choose another --out"
    assert (searched.code, searched.err) == (2, f"error: {message}\n")


def test_changed_data_are_refused(
    sample: Sample, study: tuple[Path, dict[str, Any]], data_file: Path, tmp_path: Path
) -> None:
    out, _ = study
    before = json.loads((out / "study.json").read_text())
    done = tune(sample, sample.write(tmp_path, 50, 1), out, "--resume")
    assert done.code == 2
    prefix = f"error: {out}: cannot resume: data was {before['data']} and is "
    assert done.err.startswith(prefix) and f"; valid was {before['valid']} and is " in done.err
    assert done.err.endswith("; use the same, or choose another --out\n")


def test_a_study_that_a_signal_stopped_goes_on_to_the_same_trials(
    sample: Sample, study: tuple[Path, dict[str, Any]], data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, whole = study
    out, advance = tmp_path / "study", Watch.advance

    def interrupted(self: Watch, step: int) -> None:
        if self.trial.number == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        advance(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Watch, "advance", interrupted)
        first = tune(sample, data_file, out, "--trials", 3, "--json")
    assert first.code == 0 and "stopped by a signal: 1 trial, " in first.err
    assert [trial["default"] for trial in json.loads(first.out)["trials"]] == [True]
    then = json.loads(tune(sample, data_file, out, "--trials", 3, "--json", "--resume").out)
    assert [trial["settings"] for trial in then["trials"]] == [trial["settings"] for trial in whole["trials"]]
    assert [trial["number"] for trial in then["trials"]] == [0, 2, 3]  # trial 1 was done again
    assert then["best"]["value"] == whole["best"]["value"]


@once
def test_a_signal_before_anything_was_found_says_how_to_go_on(
    sample: Sample, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "advance", lambda self, step: os.kill(os.getpid(), signal.SIGINT) or stop(self))

    def stop(watch: Watch) -> None:
        from fourfold.core.tuning.watch import Stopped

        assert watch.stopped()
        raise Stopped

    model, out = sample.pipeline(), tmp_path / "study"
    with pytest.raises(Interrupted) as error:
        model.tune(data_file, valid=0.2, out=out)
    assert str(error.value) == f"{out}: stopped by SIGINT before a trial came to its end; go on with --resume"
    assert error.value.exit_code == 130


@pytest.mark.parametrize(
    "sample", ["nlp", "recsys", "vision"], indirect=True, scope="session"
)  # speech takes long to be better than nothing
def test_bad_trials_are_pruned_and_leave_nothing_behind(
    sample: Sample, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    metric = "log_loss" if sample.name == "vision" else None  # where less is better
    model = pipeline_without_space(sample, monkeypatch, metric=metric or sample.pipeline().main_metric)
    found = model.tune(data_file, valid=0.2, search=Search(space={"train.optimizer.lr": "1e-8"}))
    assert [trial.state for trial in found.trials] == ["complete", "pruned"]
    assert 0 < found.trials[1].share < 1 and found.trials[1].changed == {"train.optimizer.lr": 1e-8}
    assert found.ended == "every combination was tried"
    assert found.best.default and found.best_config == model.resolve() and found.difference is None
    assert found.verdict() == "The best of 2 trials is the default configuration: keep it."
    assert found.folder is None and not list((tmp_path / "temporary").iterdir())
    assert not hasattr(model, "features_"), "the pipeline stays as it is"


@once
def test_the_budget_stops_the_running_trial(
    sample: Sample, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, advance = pipeline_without_space(sample, monkeypatch, epochs=10), Watch.advance

    def slow(self: Watch, step: int) -> None:
        if self.trial.number == 1 and self.share > 0.5:
            self.deadline = time.monotonic() - 1
        advance(self, step)

    monkeypatch.setattr(Watch, "advance", slow)
    search = Search(space={"train.batch_rows": "16,17"}, trials=2)
    found = model.tune(data_file, valid=0.2, budget="1h", out=tmp_path / "study", search=search)
    assert found.trials[0].state == "complete"
    assert found.trials[1].state in ("stopped", "pruned") and found.trials[1].share < 1


@once
def test_a_budget_too_short_for_the_default_says_so(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    done = tune(sample, data_file, out, "--budget", "0.001s")
    message = f"{out}: no trial came to its end in the budget; go on with --resume and a longer --budget"
    assert done.code == 1 and done.err.splitlines()[-1] == f"error: {message}"
    again = tune(sample, data_file, out, "--trials", 1, "--resume", "--json")
    assert json.loads(again.out)["best"]["default"], "the default is tried again"


def failing(model: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, *, spare: int) -> None:
    """Let every trial but the first `spare` fail."""
    kind, calls, try_out = type(model), iter(range(100)), type(model).try_out

    def fail(self: Any, *arguments: Any) -> Any:
        if next(calls) >= spare:
            raise error
        return try_out(self, *arguments)

    monkeypatch.setattr(kind, "try_out", fail)


@once
def test_a_failed_trial_is_written_down_and_the_study_goes_on(
    sample: Sample, data_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = pipeline_without_space(sample, monkeypatch, epochs=1)
    failing(model, monkeypatch, MemoryError(), spare=1)
    search = Search(space={"train.batch_rows": "16,17,18,19,20,21"}, trials=5)
    found = model.tune(data_file, valid=0.2, search=search)
    assert [trial.state for trial in found.trials] == ["complete", *4 * ["failed"]]
    assert found.trials[1].reason == "out of memory" and found.best.default


@once
def test_three_failures_from_the_start_end_it(
    sample: Sample, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(sample.pipeline(), monkeypatch, TrainingError("the disk is full"), spare=0)
    done = tune(sample, data_file, tmp_path / "study", "--trials", 9)
    assert done.code == 1 and done.err.splitlines()[-2:] == [
        "the first 3 trials failed, the last of them so:", "error: the disk is full",
    ]  # fmt: skip
    done = tune(sample, data_file, tmp_path / "short", "--trials", 1)
    message = f"{tmp_path}/short: no trial came to its end; the last that failed: the disk is full"
    assert (done.code, done.err.splitlines()[-1]) == (1, f"error: {message}")


def test_bad_data_are_refused_before_anything_is_written(sample: Sample, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        sample.pipeline().tune(tmp_path / "nowhere.csv", out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


@once
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--search", "train.optimizer.lrr=1e-4..1e-2"),
            "search train.optimizer.lrr=1e-4..1e-2: config train.optimizer: unknown setting 'lrr'; did you mean 'lr'?",
        ),
        (
            ("--search", "train.optimizer.lr"),
            "--search train.optimizer.lr: write it as section.key=range, such as train.optimizer.lr=1e-4..1e-2:log "
            "or model.dropout=0.1,0.2,0.3",
        ),
        (
            ("--search", "train.seed=1,2,3"),
            "search train.seed=1,2,3: all trials share it, to be compared; set it with --set train.seed=…",
        ),
        (
            ("--search", "model.dropout=0.1..1.5"),
            "search model.dropout=0.1..1.5: dropout (1.5) must lie in [0, 1)",
        ),
        (
            ("--search", "train.optimizer.beta1=off"),
            "search train.optimizer.beta1=off: it is not searched; did you mean 'train.optimizer.lr'?",
        ),
        (("--trials", "0"), "trials (0) must be 1 or above"),
        (("--budget", "soon"), "budget 'soon' is not a time; write 90s, 10m or 1h"),
        (("--valid", "0"), "tune: no rows are held out to compare trials on; give --valid a share or a path"),
        (
            ("--preset", "linear"),
            "tune: the preset linear is several models; name one by --set classical.model=… (logistic, trees)",
        ),
    ],
)
def test_a_wrong_option_is_named(
    sample: Sample, data_file: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    done = tune(sample, data_file, tmp_path / "study", *options)
    assert done.code == 2 and done.out == "" and done.err.startswith(f"error: {message}"), done
    assert not (tmp_path / "study").exists()


@once
def test_searches_come_from_a_file(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text('[train.optimizer]\nlr = "1e-4..1e-2:log"\nbeta1 = [0.8, 0.9]\n')
    done = tune(sample, data_file, tmp_path / "study", "--space", tmp_path / "space.toml", "--trials", 2, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["trials"][1]["settings"]["train.optimizer.beta1"] in (0.8, 0.9)


@once
def test_resume_without_out_is_refused(sample: Sample, data_file: Path) -> None:
    done = fourfold(sample.name, "tune", data_file, "--resume")
    message = "tune: --resume needs --out STUDY, the folder of the study to go on with"
    assert (done.code, done.err) == (2, f"error: {message}\n")


@once
def test_without_the_extra_the_message_says_what_to_install(
    sample: Sample, data_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = tune(sample, data_file, tmp_path / "study")
    assert (done.code, done.err) == (2, "error: tune: Optuna is not installed; pip install 'fourfold[tune]'\n")
    assert not (tmp_path / "study").exists()


@once
def test_under_torchrun_it_is_refused(sample: Sample, data_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match=r"^tune: a study is one process; start it without torchrun$"):
        sample.pipeline().tune(data_file)


@once
def test_two_processes_do_not_share_a_study(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    from fourfold.core.tuning.folder import open_folder

    out = tmp_path / "study"
    held = open_folder(out, {}, resume=False)
    with pytest.raises(ArtifactError) as error:
        open_folder(out, {}, resume=True)
    assert str(error.value) == f"{out}: another process is at work on this study; wait for it, or end it"
    held.close()
    open_folder(out, {}, resume=True).close()


def test_arrays_are_tuned_as_files_are(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    model = pipeline_without_space(sample, monkeypatch, epochs=1)
    found = model.tune(*sample.make(40, 0), search=Search(trials=2, space={"train.batch_rows": "8,16"}))
    assert isinstance(found, Tuning) and len(found.trials) == 2
    assert type(model)(preset="tiny", config=found.best_config).fit(*sample.make(40, 0)).score(*sample.make(40, 0)) <= 1


@once
@pytest.mark.slow
def test_a_killed_study_goes_on(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    """kill -9 in the middle of a trial: it is marked as failed, done again, and the others are kept."""
    out = tmp_path / "study"
    main = "from fourfold.core.cli import main; main()"
    words = [sample.name, "tune", data_file, "--out", out, "--preset", "tiny", "--valid", "0.2", "--trials", 3]
    command = [sys.executable, "-c", main, *map(str, words)]
    path = os.pathsep.join(str(Path(__file__).parents[2] / ".src") for _ in range(1))
    environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as one:
        assert one.stderr is not None
        said = one.stderr.readline()
        assert said.startswith("trial 0  complete"), said
        time.sleep(0.3)
        one.kill()
    done = subprocess.run(
        [*command, "--resume", "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    trials = json.loads(done.stdout)["trials"]
    assert len(trials) == 3 and trials[0]["default"] and trials[0]["number"] == 0
