"""A saved model runs no code, and a damaged one gives an error or the right answer, in every domain."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import watched
from domain_data import Sample
from safetensors.torch import load_file, save_file
from spoiling import seal, spoiled

from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError, FourfoldError

ROOT = Path(__file__).parents[2]
QUICK, ALL = 30, 1_000
SECONDS, BYTES = 30, 2 << 30
STARTS = pytest.mark.parametrize("sample", ["nlp", "vision", "recsys"], indirect=True, scope="session")
"""Speech starts from a Whisper alone."""
DECOYS = ("numpy", "torch", "fourfold", "sitecustomize", "tokenizers", "__init__", "conftest")


@pytest.fixture(scope="session")
def other(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another run of the same domain, on other rows, of the same shape."""
    pipeline = sample.pipeline(seed=5)
    pipeline.set_params(config=override(pipeline.config, {"train": {"epochs": 1}}))
    out = tmp_path_factory.mktemp(f"{sample.name}_other") / "run"
    pipeline.fit(*sample.make(40, 7), valid=0.2, out=out)
    return out


def answers(kind: Any, folder: Path, inputs: Any) -> list[Any]:
    return [(found.label, found.probability, found.error) for found in kind.load(folder)(inputs)]


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """No more time and memory than a tiny model may take."""

    def stop(*_: object) -> None:
        raise AssertionError(f"not done in {SECONDS} s")

    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    before, limits = signal.signal(signal.SIGALRM, stop), resource.getrlimit(resource.RLIMIT_AS)
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (now + BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def spoil_many(sample: Sample, runs: tuple[Path, Path], folder: Path, seeds: range) -> dict[str, int]:
    """Load and use so many spoiled copies, half of them sealed; return how often which came out."""
    kind, inputs = type(sample.pipeline()), sample.make(5, 1)[0]
    right, counts = answers(kind, runs[0], inputs), {"refused": 0, "right": 0, "another": 0}
    for seed in seeds:
        one = spoiled(*runs, folder / str(seed), seed, sealed=seed % 2 == 1)
        outcome = "refused"
        try:
            with bounded():
                outcome = "right" if answers(kind, one.folder, inputs) == right else "another"
        except FourfoldError as error:
            assert isinstance(error, ArtifactError), (seed, one, error)
            assert "\n" not in str(error) and len(str(error)) < 700, (seed, one, error)
        except Exception as error:
            raise AssertionError(f"{sample.name} {seed}: {one.what}: {error!r}") from error
        assert one.sealed or outcome != "another", (seed, one)
        counts[outcome] += 1
        shutil.rmtree(one.folder)
    return counts


def test_a_spoiled_model_is_refused_or_right(sample: Sample, run: Path, other: Path, tmp_path: Path) -> None:
    counts = spoil_many(sample, (run, other), tmp_path, range(QUICK))
    assert counts["refused"] > QUICK / 2, counts


@pytest.mark.slow
def test_a_thousand_spoiled_models(sample: Sample, run: Path, other: Path, tmp_path: Path) -> None:
    counts = spoil_many(sample, (run, other), tmp_path, range(QUICK, QUICK + ALL))
    assert counts["refused"] > ALL / 2, counts


def start_from_many(sample: Sample, runs: tuple[Path, Path], folder: Path, seeds: range) -> dict[str, int]:
    """Take a step of training from so many spoiled and sealed copies; return how often which came out."""
    kind, counts = type(sample.pipeline()), {"refused": 0, "trained": 0}
    for seed in seeds:
        one = spoiled(*runs, folder / str(seed), seed, sealed=True)
        outcome = "refused"
        try:
            with bounded():
                config = override(kind(init=one.folder).resolve(), {"train": {"max_steps": 1}})
                kind(init=one.folder, config=config).fit(*sample.make(24, 2), valid=0)
                outcome = "trained"
        except (ArtifactError, ConfigError) as error:
            assert "\n" not in str(error) and len(str(error)) < 700, (seed, one, error)
        except Exception as error:
            raise AssertionError(f"{sample.name} {seed}: {one.what}: {error!r}") from error
        counts[outcome] += 1
        shutil.rmtree(one.folder)
    return counts


@STARTS
def test_a_spoiled_start_is_refused_or_trains(sample: Sample, run: Path, other: Path, tmp_path: Path) -> None:
    assert start_from_many(sample, (run, other), tmp_path, range(8))["refused"]


@pytest.mark.slow
@STARTS
def test_many_spoiled_starts(sample: Sample, run: Path, other: Path, tmp_path: Path) -> None:
    counts = start_from_many(sample, (run, other), tmp_path, range(8, 208))
    assert counts["refused"] > 50, counts


@STARTS
def test_a_start_whose_weights_do_not_fit_its_settings_is_refused(sample: Sample, run: Path, tmp_path: Path) -> None:
    """Though its hashes were made anew."""
    kind, again = type(sample.pipeline()), "copy the folder again or train anew"

    def refused(change: Any) -> str:
        folder = tmp_path / "run"
        shutil.copytree(run, folder)
        weights = load_file(folder / "model.safetensors")
        save_file(change(weights), folder / "model.safetensors")
        seal(folder / "config.json")
        with pytest.raises(ArtifactError) as error:
            kind(init=folder).fit(*sample.make(24, 2), valid=0)
        shutil.rmtree(folder)
        return str(error.value).removeprefix(f"{folder}/model.safetensors: ").removesuffix(f"; {again}")

    name = max(load_file(run / "model.safetensors"))
    assert refused(lambda weights: {**weights, name: weights[name][..., None]}).startswith(
        f"not the weights of this model ('{name}' is float32 ("
    )
    assert refused(lambda weights: {key: value for key, value in weights.items() if key != name}).startswith(
        f"not the weights of this model ('{name}' is missing, where"
    )
    assert refused(lambda weights: {**weights, name: weights[name] / 0}) == (
        f"'{name}' holds numbers that are not finite"
    )


@pytest.mark.skipif(not hasattr(sys, "addaudithook"), reason="this Python has no audit hooks")
def test_no_code_runs_and_all_that_is_read_is_hashed(sample: Sample, run: Path, other: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run, tmp_path / "run")
    for name in DECOYS:
        for place in (folder, folder / "baseline"):
            (place / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    paths = os.pathsep.join(map(str, (ROOT / ".src", ROOT / "tests" / "helpers")))
    environment = os.environ | {"PYTHONPATH": paths, "FOURFOLD_CACHE": str(tmp_path / "cache")}
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, watched.__file__, sample.name, folder, other, tmp_path / "work"],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["events"], found["strange"]) == ([], [])
    assert not (tmp_path / "ran").exists()
    hashed = {"config.json", "baseline/config.json"} | _hashed(run, "") | _hashed(run, "baseline")
    read = {name for name in found["opened"] if (folder / name).is_file()}
    assert read <= hashed and {"model.safetensors", "baseline/config.json"} <= read, read - hashed


def _hashed(run: Path, below: str) -> set[str]:
    record = json.loads((run / below / "config.json").read_text(encoding="utf-8"))
    return {f"{below}/{name}".lstrip("/") for name in record["files"]}


def test_every_file_below_is_hashed(run: Path) -> None:
    there = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert there == {"config.json"} | _hashed(run, "") | _hashed(run, "baseline")


def test_the_baseline_of_another_run_is_refused(sample: Sample, run: Path, other: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(folder / "baseline")
    shutil.copytree(other / "baseline", folder / "baseline")
    with pytest.raises(ArtifactError) as error:
        type(sample.pipeline()).load(folder)
    assert str(error.value) == (
        f"{folder}/baseline/config.json: damaged (its hash differs); copy the folder again or train anew"
    )


def test_a_run_of_before_whose_baseline_was_not_hashed_still_loads(sample: Sample, run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run, tmp_path / "run")
    record = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    record["files"] = {name: value for name, value in record["files"].items() if "/" not in name}
    (folder / "config.json").write_text(json.dumps(record), encoding="utf-8")
    seal(folder / "config.json")
    kind, inputs = type(sample.pipeline()), sample.make(5, 1)[0]
    assert answers(kind, folder, inputs) == answers(kind, run, inputs)


def changed(folder: Path, change: Any) -> None:
    """Change `config.json` and make its hash anew."""
    record = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    change(record)
    (folder / "config.json").write_text(json.dumps(record), encoding="utf-8")
    seal(folder / "config.json")


def test_a_configuration_that_does_not_fit_is_refused_in_little_memory(
    sample: Sample, run: Path, tmp_path: Path
) -> None:
    """As by someone who knows how the hash is made."""
    folder, kind = shutil.copytree(run, tmp_path / "run"), type(sample.pipeline())
    again = "copy the folder again or train anew"

    def refused(change: Any) -> str:
        shutil.copyfile(run / "config.json", folder / "config.json")
        changed(folder, change)
        with pytest.raises(ArtifactError) as error, bounded():
            kind.load(folder)
        return str(error.value).removeprefix(f"{folder}").removesuffix(f"; {again}")

    def encoder(record: Any) -> Any:
        return record["config"]["model"]["encoder"]

    def widen(record: Any) -> None:
        for part in {"encoder", "decoder"} & record["config"]["model"].keys():
            record["config"]["model"][part].update(width=1 << 20, num_heads=1)

    wide = refused(widen)
    assert wide.startswith("/model.safetensors: not the weights of this model ('") and "configuration asks for" in wide
    deep = refused(lambda record: encoder(record).update(num_layers=10**9))
    assert deep == "/config.json: settings that cannot be (num_layers (1000000000) must be 1,000 or fewer)"
    unknown = refused(lambda record: record["config"].update(code="import os"))
    assert unknown.startswith("/config.json: settings that cannot be (config: unknown setting 'code'; ")
    assert refused(lambda record: record.pop("learned")) == (
        "/config.json: damaged ('learned' is missing or of the wrong kind)"
    )
    assert refused(lambda record: record.update(kind=3)) == (
        "/config.json: damaged ('kind' is missing or of the wrong kind)"
    )
    assert refused(lambda record: record["learned"].pop("columns")) == (
        ": its files do not fit together (KeyError: 'columns')"
    )


@pytest.mark.parametrize("sample", ["nlp", "recsys", "vision"], indirect=True, scope="session")
def test_a_classical_branch_without_finite_numbers_gives_no_answers(sample: Sample, run: Path, tmp_path: Path) -> None:
    """Though its hashes were made anew; speech has no such branch."""
    folder = shutil.copytree(run, tmp_path / "run")
    for path in (folder / "baseline").rglob("*.safetensors"):
        weights = load_file(path)
        floating = {name: weight * float("nan") for name, weight in weights.items() if weight.is_floating_point()}
        save_file(weights | floating, path)
    for config in (folder / "baseline" / "config.json", folder / "config.json"):
        seal(config)
    with pytest.raises(ArtifactError) as error:
        type(sample.pipeline()).load(folder).predict(sample.make(5, 1)[0])
    assert str(error.value) == (
        "the model's outputs are no finite numbers: its weights are damaged (train anew) or too large for float16 "
        "(answer in float32)"
    )


def test_a_deeply_nested_configuration_is_refused(sample: Sample, run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "config.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(ArtifactError, match=r"config.json: damaged \(maximum recursion depth exceeded.*\); copy"):
        type(sample.pipeline()).load(folder)


def test_half_the_heads_are_caught(sample: Sample, run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run, tmp_path / "run")
    record = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    record["config"]["model"]["encoder"]["num_heads"] //= 2
    (folder / "config.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ArtifactError) as error:
        type(sample.pipeline()).load(folder)
    again = "copy the folder again or train anew"
    assert str(error.value) == f"{folder}/config.json: changed after it was saved; {again}"
