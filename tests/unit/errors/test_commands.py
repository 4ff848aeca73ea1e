"""What commands refuse before they do any work, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from console import fourfold

from fourfold.core.benchmark.folder import Folder

BENCH = ("bench", "--out", "out")
REFUSED = {
    "predict nothing": (("nlp", "predict", "RUN"), "predict: give inputs or --file DATA, and not both"),
    "predict twice": (
        ("nlp", "predict", "RUN", "fine", "--file", "t.csv"), "predict: give inputs or --file DATA, and not both",
    ),
    "by without top": (
        ("recsys", "predict", "RUN", "--file", "t.csv", "--by", "site"),
        "predict: --by says within what the best are chosen; say how many with --top",
    ),
    "no best rows": (
        ("vision", "predict", "RUN", "a.png", "--top", "3"),
        "predict: vision has no best rows to choose; leave --top out",
    ),
    "a stream with more": (
        ("speech", "predict", "RUN", "-", "--stream", "--out", "t.csv"),
        "predict: --stream takes one input, - for standard input, and prints; give no --file, --input, --top, --by or "
        "--out",
    ),
    "no stream": (
        ("nlp", "predict", "RUN", "-", "--stream"),
        "predict: what nlp reads does not come bit by bit; leave --stream out",
    ),
    "a stream in halves": (
        ("speech", "predict", "RUN", "-", "--stream", "--precision", "bfloat16"),
        "predict: --stream hears in float32; leave --precision out",
    ),
    "no settings of answers": (
        ("nlp", "predict", "RUN", "fine", "--set", "decoding.beam=2"),
        "--set: what a trained model of nlp answers has no settings; leave it out",
    ),
    "no pretraining": (
        ("recsys", "train", "t.csv", "--pretrain"), "--pretrain: recsys does not learn from inputs alone; leave it out",
    ),
    "one model": (
        ("nlp", "train", "t.csv", "--backbone", "resnet18"), "--backbone: nlp has one model, the core's; leave it out",
    ),
    "resume no study": (
        ("nlp", "tune", "t.csv", "--resume"), "tune: --resume needs --out STUDY, the folder of the study to go on with",
    ),
    "resume no benchmark": (
        ("bench", "--resume"), "bench: --resume needs --out FOLDER, the benchmark to go on with",
    ),
    "a file of no settings": (
        ("nlp", "check", "t.csv", "--config", "t.csv"),
        "t.csv: not TOML (Expected '=' after a key in a key/value pair (at line 1, column 5))",
    ),
    "half a setting": (
        ("nlp", "check", "t.csv", "--set", "train.epochs"),
        "--set train.epochs: write it as section.key=value, such as train.epochs=5",
    ),
    "a section as a value": (
        ("nlp", "check", "t.csv", "--set", "train=5"),
        "train: a section, not a value; set one of its keys, such as train.epochs",
    ),
    "no such metric": (
        ("nlp", "train", "t.csv", "--set", "train.metric=acuracy"),
        "train.metric: no metric 'acuracy'; did you mean 'accuracy'?",
    ),
    "no classes to weigh": (
        ("speech", "check", "t.csv", "--set", "train.class_weights=balanced"),
        "train.class_weights: speech has no classes to weigh; leave it out",
    ),
    "no seeds": ((*BENCH, "--seeds", "0"), "bench: seeds (0) must be 1 or above"),
    "more than all rows": ((*BENCH, "--share", "1.5"), "bench: share (1.5) must lie in (0, 1]"),
    "no such preset": ((*BENCH, "--preset", "fast"), "bench: no preset 'fast'; there is: quick, standard, full"),
    "no such model": ((*BENCH, "--domain", "nlp", "--model", "smal"), "bench: no model 'smal'; did you mean 'small'?"),
    "no such case": ((*BENCH, "--domain", "nlp", "--case", "imdc"), "bench: no case 'imdc'; did you mean 'imdb'?"),
    "finetune what": (
        (*BENCH, "--domain", "nlp", "--model", "finetune"),
        "bench: the model finetune needs --init, a pretrained model",
    ),
    "cases of another domain": (
        (*BENCH, "--domain", "vision", "--cases", "cases.toml"), "cases.toml: no case of vision, but of nlp",
    ),
    "compare with nothing": (
        ("bench", "compare", "cases.toml", "cases.toml"),
        "cases.toml: damaged (Expecting value: line 1 column 3 (char 2)); run the benchmark again with --resume",
    ),
    "no such domain": ((*BENCH, "--domain", "vison"), "no domain 'vison'; did you mean 'vision'?"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_command_is_refused(case: str, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("text,label\nfine,good\npoor,bad\n")
    Path("cases.toml").write_text('[[case]]\nname = "mine"\ndomain = "nlp"\ndata = "t.csv"\n')
    words, message = REFUSED[case]
    done = fourfold(*(trained if word == "RUN" else word for word in words))
    assert (done.code, done.out, done.err.splitlines()[-1]) == (2, "", f"error: {message}")
    assert not Path("out").exists() and not Path("runs").exists(), "nothing is begun"


def test_force_removes_nothing_for_a_misspelt_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = Folder.open(Path("out")).path / "bench.json"
    kept.write_text("hours of work")
    for wrong in (("--model", "smal"), ("--case", "imdc"), ("--preset", "fast"), ("--domain", "vison")):
        assert fourfold("bench", "--out", "out", "--force", *wrong).code == 2
    assert kept.read_text() == "hours of work"


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there(trained: Path) -> None:
    done = fourfold("nlp", "predict", trained, "fine", "--device", "cuda")
    assert (done.code, done.err) == (2, "error: device 'cuda' is not available here; write auto or cpu\n")


def test_an_error_of_python_is_shown_as_it_came(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fourfold.core import commands

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(commands, "predict", fail)
    done = fourfold("nlp", "predict", trained, "fine")
    assert (done.code, done.err) == (1, "error: ZeroDivisionError('division by zero') (--debug shows where)\n")
    with pytest.raises(ZeroDivisionError):
        fourfold("nlp", "predict", trained, "fine", "--debug")
