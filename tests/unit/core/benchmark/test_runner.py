"""What a benchmark runs, in which order, in which folder, and what it does again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from console import fourfold

from fourfold.core.benchmark.case import Case
from fourfold.core.benchmark.content import software
from fourfold.core.benchmark.demo import run_demo
from fourfold.core.benchmark.folder import Folder
from fourfold.core.benchmark.job import Job
from fourfold.core.benchmark.ladder import Rung, ladder
from fourfold.core.benchmark.row import Row
from fourfold.core.benchmark.runner import choose_cases, jobs, run_all
from fourfold.core.domains import domain
from fourfold.core.errors import ArtifactError, ConfigError


def test_what_other_code_or_versions_measured_is_done_again(tmp_path: Path) -> None:
    folder, told = Folder.open(tmp_path / "out"), []
    job = Job(domain="nlp", case="toys", rung=Rung(model="tiny", label="tiny", kind="core"), seed=0)
    here = software()

    def work(job: Job, folder: Folder, *, save: bool) -> Row:
        return {"value": 1.0}

    def run(made: dict[str, Any]) -> str:
        folder.keep(job, {"value": 0.5, "manifest": made})
        (row,) = run_all([job], folder, work, told.append)  # type: ignore[arg-type]
        assert row["value"] == (0.5 if told[-1].endswith("done before") else 1.0)
        return str(told[-1]).removeprefix("[1/1] nlp/toys: tiny, seed 0: ")

    assert run(here) == "done before"
    folder.model(job).mkdir(parents=True)
    older = here["versions"] | {"torch": "1.0"}
    assert run(here | {"versions": older}) == f"done before with torch 1.0, now {here['versions']['torch']}; again"
    assert run(here | {"code": "other", "commit": "abc"}) == "done before with other code (commit abc); again"
    assert not folder.model(job).exists(), "a model of other code is not kept"


def test_changed_data_are_another_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOURFOLD_DATA", str(tmp_path))
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "rows.csv").write_text("text,label")
    case = Case(name="toys", about="", load=lambda seed: None, needs="toys")  # type: ignore[arg-type,return-value]
    rungs = {"nlp": [Rung(model="tiny", label="tiny", kind="core")]}

    def key() -> str:
        (job,) = jobs({"nlp": [case]}, rungs, (0,))
        return job.key

    before = key()
    assert key() == before
    os.utime(tmp_path / "toys" / "rows.csv", ns=(1, 1))
    assert key() != before


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    message = f"{tmp_path / 'letters'}: the folder is not empty and holds no benchmark; choose another --out"
    with pytest.raises(ArtifactError) as raised:
        Folder.open(tmp_path / "letters", force=True)
    assert str(raised.value) == message and (tmp_path / "letters" / "letter.txt").exists()
    Folder.open(tmp_path / "out")
    with pytest.raises(ArtifactError, match=r"holds a benchmark; choose another --out, or go on with --resume$"):
        Folder.open(tmp_path / "out")
    with pytest.raises(ArtifactError, match=r"a file, not a folder; choose another --out$"):
        Folder.open(tmp_path / "letters" / "letter.txt")


def test_only_what_a_benchmark_writes_is_removed(tmp_path: Path) -> None:
    """A folder `jobs` makes no benchmark, and what else lies beside one stays, also behind links."""
    mine, out = tmp_path / "mine", tmp_path / "out"
    (mine / "jobs").mkdir(parents=True)
    (mine / "jobs" / "letter.txt").write_text("dear")
    with pytest.raises(ArtifactError, match=r"holds no benchmark; choose another --out$"):
        run_demo([], mine, lambda _: None)
    with pytest.raises(ArtifactError, match=r"holds no benchmark; choose another --out$"):
        Folder.open(mine, force=True)
    Folder.open(out)
    for name in ("notes.txt", "bench.html", "jobs/old.json"):
        (out / name).write_text("x")
    (out / "models").symlink_to(mine / "jobs", target_is_directory=True)
    with pytest.raises(ArtifactError) as raised:
        run_demo([], out, lambda _: None)
    assert str(raised.value) == (
        f"{out}: the folder is that of `fourfold bench`, not of `fourfold demo`; choose another --out"
    )
    Folder.open(out, force=True)
    assert sorted(path.name for path in out.iterdir()) == ["fourfold-bench.json", "jobs", "notes.txt"]
    assert not list((out / "jobs").iterdir()) and (mine / "jobs" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "tinny"), "bench: no model 'tinny'; did you mean 'tiny'?"),
        (("--model", "finetune"), "bench: the model finetune needs --init, a pretrained model"),
        (("--case", "rewiews"), "bench: no case 'rewiews'; did you mean 'reviews'?"),
        (("--preset", "quik"), "bench: no preset 'quik'; did you mean 'quick'?"),
        (("--seeds", "0"), "bench: seeds (0) must be 1 or above"),
        (("--share", "1.5"), "bench: share (1.5) must lie in (0, 1]"),
        (("--domain", "npl"), "no domain 'npl'; did you mean 'nlp'?"),
        (("--resume",), "bench: --resume needs --out FOLDER, the benchmark to go on with"),
    ],
)
def test_a_wrong_option_is_named(
    options: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = fourfold("bench", *options)
    assert (done.code, done.out) == (2, "") and done.err.startswith(f"error: {message}"), done.err


def test_seeds_are_outermost_and_models_innermost() -> None:
    case = Case(name="toys", about="", load=lambda seed: None)  # type: ignore[arg-type,return-value]
    rungs = {"nlp": ladder(domain("nlp"), ("tiny", "classical", "prior"), None)}
    found = jobs({"nlp": [case]}, rungs, (0, 1), init="model")
    assert [(job.seed, job.rung.model) for job in found] == [
        (seed, model) for seed in (0, 1) for model in ("prior", "svm", "logistic", "bayes", "tiny")
    ]
    assert len({job.key for job in found}) == 10 and all(job.init is None for job in found)
    assert all(Job.from_json(job.to_json()) == job for job in found)


def test_every_domain_has_two_classical_rungs_or_more() -> None:
    for name in ("nlp", "vision", "recsys", "speech"):
        rungs = ladder(domain(name), ("prior", "classical", "tiny", "small", "base"), None)
        kinds = [rung.kind for rung in rungs]
        assert kinds[0] == "prior" and kinds.count("classical") >= 2 and kinds[-3:] == ["core"] * 3
        alone = [rung.model for rung in rungs if rung.kind == "classical"]
        assert alone == list(domain(name).load_pipeline().classical), "each can be fitted and tuned by itself"


def test_what_cannot_run_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOURFOLD_DATA", raising=False)
    offered = {"nlp": [case for case in domain("nlp").load_cases() if case.name in ("reviews", "imdb")]}
    told: list[str] = []
    chosen, skipped = choose_cases(offered, [], told.append)
    assert [case.name for case in chosen["nlp"]] == ["reviews"]
    assert skipped == [{"domain": "nlp", "case": "imdb", "skipped": "FOURFOLD_DATA is not set"}]
    assert told == ["nlp/imdb: passed over, FOURFOLD_DATA is not set"]
    assert choose_cases(offered, [], told.append, embedded=True)[1] == []
    with pytest.raises(ConfigError, match="no case 'rewiews'; did you mean 'reviews'"):
        choose_cases(offered, ["rewiews"], told.append)
