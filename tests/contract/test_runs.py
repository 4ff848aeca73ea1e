"""What every run folder promises: nothing is written over, and a run goes on only as the one that began."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from domain_data import Sample
from training_runs import Fault

from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError, DataError, TrainingError
from fourfold.core.training import Interrupted


def test_a_finished_run_is_not_written_over(sample: Sample, data_file: Path, run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(ArtifactError) as error:
        sample.pipeline().fit(data_file, valid=0.2, out=run)
    assert str(error.value) == (
        f"{run}: the folder holds a run; choose another --out, go on with --resume, or replace it with --force"
    )
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_finished_run_is_loaded_by_resume(sample: Sample, data_file: Path, run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    model = sample.pipeline().fit(data_file, valid=0.2, out=run, resume=True)
    assert len(model.predict(sample.make(3, 0)[0])) == 3
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_a_folder_that_is_no_run_is_left_alone(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ArtifactError) as error:
        sample.pipeline().fit(data_file, out=tmp_path, force=True)
    assert str(error.value) == f"{tmp_path}: the folder is not empty and holds no run; choose another --out"


def test_an_interrupted_run_goes_on_to_the_same_model(
    sample: Sample, data_file: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = sample.pipeline(), tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "_watcher", lambda self: Fault(5, signal.SIGTERM))
        with pytest.raises(Interrupted):
            model.fit(data_file, valid=0.2, out=out)
    changed = sample.pipeline()
    changed.set_params(config=override(changed.config, {"train": {"batch_rows": 8}}))
    with pytest.raises(ConfigError) as error:
        changed.fit(data_file, valid=0.2, out=out, resume=True)
    assert str(error.value) == (
        f"{out}: cannot resume: train.batch_rows was 16 and is 8; use the same, or choose another --out"
    )
    sample.pipeline().fit(data_file, valid=0.2, out=out, resume=True)
    assert (out / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
    assert not {"checkpoints", "features", "stages"} & {path.name for path in out.iterdir()}


def test_a_run_whose_publishing_failed_goes_on_from_the_end_of_training(
    sample: Sample, data_file: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fourfold.core.pipeline as module

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(module, "publish", full)
        with pytest.raises(TrainingError) as error:
            sample.pipeline().fit(data_file, valid=0.2, out=out)
        why = "cannot be written (No space left on device)"
        assert str(error.value) == f"{out}: {why}; mend that, and go on with --resume"
    with monkeypatch.context() as patch:
        patch.setattr("fourfold.core.training.step.Stepper.__call__", full)  # no step is taken again
        sample.pipeline().fit(data_file, valid=0.2, out=out, resume=True)
    assert (out / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


def test_bad_validation_data_replace_nothing(sample: Sample, data_file: Path, run: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(DataError):
        sample.pipeline().fit(data_file, valid=tmp_path / "nowhere.csv", out=run, force=True)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_changed_columns_are_refused(sample: Sample, data_file: Path, run: Path) -> None:
    model = sample.pipeline()
    with pytest.raises(DataError, match="no column 'other'"):
        model.fit(data_file, label="other", valid=0.2, out=run, resume=True)


def test_changed_data_are_refused(sample: Sample, data_file: Path, run: Path, tmp_path: Path) -> None:
    other = sample.write(tmp_path, 50, 1)
    with pytest.raises(ConfigError, match=r"cannot resume: data was [0-9a-f]{64} and is [0-9a-f]{64}; valid was"):
        sample.pipeline().fit(other, valid=0.2, out=run, resume=True)
