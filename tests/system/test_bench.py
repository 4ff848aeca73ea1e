"""Runs in processes of their own: what fails is told, what is done is kept, what is stopped goes on."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile
from console import fourfold
from domain_data import SAMPLES

from fourfold.core.benchmark.custom import find_case
from fourfold.core.benchmark.folder import Folder
from fourfold.core.benchmark.job import Job
from fourfold.core.benchmark.ladder import Rung
from fourfold.core.benchmark.results import read_results
from fourfold.core.benchmark.runner import Workers, run_all
from fourfold.core.benchmark.worker import work
from fourfold.core.domains import domain


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A file of two cases of texts: one that works, and one whose labels are missing."""
    SAMPLES["nlp"].write(tmp_path, 80, 0)
    (tmp_path / "bare.csv").write_text("text\nfine\npoor\nlovely\nawful\n")
    path = tmp_path / "cases.toml"
    path.write_text(
        '[[case]]\nname = "good"\ndomain = "nlp"\ndata = "data.csv"\ntest = 0.4\n'
        '[[case]]\nname = "bare"\ndomain = "nlp"\ndata = "bare.csv"\n'
    )
    return path


QUICK = ("--domain", "nlp", "--model", "prior", "--model", "bayes")


def test_a_benchmark_of_ones_own_data(cases: Path, tmp_path: Path) -> None:
    """What fails is shown and done again, what is done is not; each row holds what a reader needs."""
    out = tmp_path / "out"
    done = fourfold("bench", "--cases", cases, *QUICK, "--seeds", 2, "--out", out)
    assert done.code == 1 and "error: bench: 4 runs failed; the table says which, --resume does them again" in done.err
    assert "failed: nlp/bare TF-IDF + naive Bayes: bare.csv: no column 'label'" in done.out
    found = read_results(out)
    good = [row for row in found.rows if row["case"] == "good"]
    assert [(row["model"], row["seed"]) for row in good] == [("prior", 0), ("bayes", 0), ("prior", 1), ("bayes", 1)]
    prior, bayes = good[:2]
    assert prior["value"] < 0.8 and bayes["value"] > 0.9
    assert (prior["kind"], bayes["kind"]) == ("prior", "classical")
    assert len(bayes["test_hash"]) == 64 and bayes["test_hash"] == prior["test_hash"]
    assert bayes["energy_joules"] > 0 and bayes["size_mb"] > prior["size_mb"] and bayes["memory_mb"] > 50
    assert 0 < bayes["latency_p50_ms"] <= bayes["latency_p95_ms"]
    assert f"fourfold bench --domain nlp --case good --model bayes --seed 0 --cases {cases}" == bayes["command"]
    assert (
        found.command
        == f"fourfold bench --preset quick --domain nlp --model prior --model bayes --seeds 2 --cases {cases}"
    )
    assert found.statistic(bayes) is not None and found.manifests[bayes["manifest"]]["cores"] >= 1
    assert "good" in (out / "bench.html").read_text() and len((out / "bench.csv").read_text().splitlines()) == 9
    assert len(list((out / "jobs").glob("*.log"))) == 4, "what failed keeps what it printed"

    (tmp_path / "bare.csv").write_text("text,label\n" + "fine,1\npoor,2\nlovely,1\nawful,2\n" * 10)
    again = fourfold("bench", "--cases", cases, *QUICK, "--seeds", 2, "--out", out, "--resume")
    assert again.code == 0, again.err
    assert again.err.count("done before") == 4 and not read_results(out).failed

    one = fourfold(
        "bench", "--cases", cases, "--case", "good", "--model", "bayes", "--seed", 1, "--out", tmp_path / "b"
    )
    assert one.code == 0, one.err
    compared = fourfold("bench", "compare", out, tmp_path / "b", "--json")
    (change,) = json.loads(compared.out)["changes"]
    assert change["paired"] is False or change["said"] in ("the same", "within the interval")
    joined = fourfold("bench", "join", out, tmp_path / "b", "--out", tmp_path / "both")
    assert joined.code == 0 and len(read_results(tmp_path / "both").rows) == len(read_results(out).rows)


def test_the_printed_command_gives_the_same_number(cases: Path, tmp_path: Path) -> None:
    words = ("--cases", cases, "--case", "good", "--model", "logistic", "--share", "0.5", "--json")
    first = fourfold("bench", *words, "--out", tmp_path / "a")
    (row,) = json.loads(first.out)["rows"]
    assert row["train_rows"] < 30 and "--share 0.5" in row["command"]
    again = fourfold(*row["command"].split()[1:], "--out", tmp_path / "b", "--json")
    (same,) = json.loads(again.out)["rows"]
    assert all(same[name] == row[name] for name in ("value", "low", "high", "train_hash", "test_hash", "command"))


def test_rungs_are_tuned_once_for_all_seeds(cases: Path, tmp_path: Path) -> None:
    """Settings are searched on what seed 0 holds out, and are kept."""
    out = tmp_path / "out"
    words = ("--cases", cases, "--case", "good", *QUICK, "--seed", 1, "--seed", 2, "--tune", "5s", "--json")
    done = fourfold("bench", *words, "--out", out)
    assert done.code == 0, done.err
    prior, row, _, same = json.loads(done.out)["rows"]
    assert row["note"].startswith("tuned on seed 0: ") and "--tune 5s" in row["command"]
    assert (row["note"], row["settings"]) == (same["note"], same["settings"]) and (row["seed"], same["seed"]) == (1, 2)
    assert prior["note"] == "" and all(name.startswith("classical.") for name in row["settings"])
    assert done.err.count("seed 1: searches settings for 5s") == done.err.count("searches settings") == 1

    again = fourfold("bench", *words, "--out", out, "--resume")
    assert again.err.count("done before") == 4 and "searches" not in again.err
    shutil.rmtree(out / "tuned")
    anew = fourfold("bench", *words, "--out", out, "--resume")
    assert anew.err.count("searches settings") == 1, "seeds have the same settings, or are done again"


def test_a_search_that_fails_is_told_of_each_seed(cases: Path, tmp_path: Path) -> None:
    """And made once."""
    words = ("--cases", cases, "--case", "bare", "--model", "bayes", "--seed", 1, "--seed", 2, "--tune", "5s", "--json")
    done = fourfold("bench", *words, "--out", tmp_path / "out")
    rows = json.loads(done.out)["rows"]
    assert [row["seed"] for row in rows] == [1, 2] and done.err.count("searches settings") == 1
    assert "TF-IDF + naive Bayes, seed 2: its search came to nothing before\n  failed: tune: bare.csv" in done.err
    assert {row["error"] for row in rows} == {rows[0]["error"]} and "no column 'label'" in rows[0]["error"]


def test_what_was_tuned_is_what_is_trained(cases: Path) -> None:
    job = Job(
        domain="nlp", case="good", rung=Rung(model="bayes", label="bayes", kind="classical"), seed=1, share=0.5,
        tune="1s", file=str(cases),
    )  # fmt: skip
    tuned = job.with_found({"classical.smoothing": 0.3, "classical.words": 1}, "tuned in a test")
    row = work(tuned, find_case(tuned))
    assert (row.settings, row.note) == ({"classical.smoothing": 0.3, "classical.words": 1}, "tuned in a test")
    assert row.parameters < work(job, find_case(job)).parameters, "words alone, without pairs of them"
    assert tuned.study == job.study == replace(job, seed=0, share=1.0) and tuned.key != job.key
    assert tuned.command == job.command and Job.from_json(tuned.to_json()) == tuned


def test_a_trained_run_is_a_case(cases: Path, tmp_path: Path) -> None:
    model = SAMPLES["nlp"].pipeline().set_params(preset="linear").fit(tmp_path / "data.csv")
    model.save(tmp_path / "live")
    with cases.open("a") as file:
        file.write('[[case]]\nname = "live"\ndomain = "nlp"\nrun = "live"\ndata = "data.csv"\n')
    done = fourfold("bench", "--cases", cases, "--case", "live", "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    (row,) = json.loads(done.out)["rows"]
    assert (row["kind"], row["label"], row["test_rows"]) == ("run", "live", 80)
    assert row["value"] == pytest.approx(model.score(tmp_path / "data.csv"))
    again = fourfold(*row["command"].split()[1:], "--out", tmp_path / "again", "--json")
    (same,) = json.loads(again.out)["rows"]
    assert "--model" not in row["command"] and (same["value"], same["command"]) == (row["value"], row["command"])


def test_a_process_that_is_killed_is_a_row(cases: Path, tmp_path: Path) -> None:
    folder = Folder.open(tmp_path / "out")
    job = Job(domain="nlp", case="good", rung=Rung(model="tiny", label="tiny", kind="core"), seed=0, file=str(cases))

    def kill() -> None:
        while not multiprocessing.active_children():
            time.sleep(0.01)
        os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)

    threading.Thread(target=kill).start()
    (row,) = run_all([job], folder, Workers([domain("nlp")]), lambda _: None)
    assert row["error"] == "killed by signal 9 (out of memory?)" and row["model"] == "tiny"
    assert folder.done(job) is None


def test_ctrl_c_while_a_run_starts_ends_it(cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal is held back while the process starts, and comes behind it."""
    workers, folder = Workers([domain("nlp")]), Folder.open(tmp_path / "out")
    kind = workers.context.Process
    start = kind.start

    def interrupted(process: Any) -> None:
        start(process)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(kind, "start", interrupted)
    job = Job(domain="nlp", case="good", rung=Rung(model="tiny", label="tiny", kind="core"), seed=0, file=str(cases))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            workers(job, folder)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not multiprocessing.active_children(), "else this process would wait for it at its end"


def written_rows(out: Path) -> list[Any]:
    return read_results(out).rows if (out / "bench.json").exists() else []


def test_ctrl_c_leaves_what_is_done(cases: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for_ever = "test = 0.4\nsettings = {train = {epochs = 100000}}\n"
    cases.write_text(cases.read_text().replace("test = 0.4\n", for_ever))
    words = ("bench", "--cases", str(cases), "--case", "good", "--model", "prior")
    command = [sys.executable, "-m", "fourfold", *words, "--model", "small", "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        deadline = time.monotonic() + 120
        while not written_rows(out) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.endswith(f"error: {out}: stopped; what is done is kept, go on with --resume\n"), err
    assert [row["model"] for row in read_results(out).rows] == ["prior"]
    assert not [path for path in out.rglob("*") if path.name.startswith(".writing")]
    again = fourfold(*words, "--out", out, "--resume")
    assert again.code == 0 and "majority or prior, seed 0: done before" in again.err


def test_a_model_that_does_not_fit_is_passed_over(tmp_path: Path) -> None:
    waves, _ = SAMPLES["speech"].make(6, 0)
    for number, (wave, rate) in enumerate(waves):
        soundfile.write(tmp_path / f"{number}.wav", wave, rate)
    rows = "".join(f"{number}.wav,{text}\n" for number, text in enumerate(("a b", "b a", "c", "c c", "b", "a")))
    (tmp_path / "said.csv").write_text(f"audio,text\n{rows}")
    path = tmp_path / "cases.toml"
    path.write_text('[[case]]\nname = "said"\ndomain = "speech"\ndata = "said.csv"\ntest = "said.csv"\n')
    words = ("--cases", path, "--model", "prior", "--model", "templates", "--tune", "1s")
    done = fourfold("bench", *words, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    reason = "classical.model: 'templates' does not fit 5 recordings of 5 transcripts; set it to best"
    assert f"passed over: speech/said MFCC templates + dynamic time warping: {reason}" in done.out
    again = fourfold("bench", *words, "--out", tmp_path / "out", "--resume")
    assert again.err.count("done before") == 2
