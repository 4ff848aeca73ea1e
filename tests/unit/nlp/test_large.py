"""Data larger than memory: the same examples and tokens, in little memory."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fourfold.core.run import run_identity
from fourfold.core.tables import Texts
from fourfold.nlp import TextClassifier
from fourfold.nlp.config import tiny
from fourfold.nlp.data import TextFeatures, read


def write(path: Path, rows: int, words: int) -> Path:
    random = np.random.default_rng(0)
    known = np.array([f"word{k}" for k in range(3000)])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        endings = [" ".join(random.choice(known, words)) for _ in range(min(rows, 1000))]
        writer.writerows([f"{row}, {endings[row % 1000]}", "ab"[row % 2]] for row in range(rows))
    return path


def test_streamed_examples_are_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 60, 8)
    whole, streamed = read(path), read(path, stream_above=0)
    assert isinstance(streamed.inputs, Texts) and list(streamed.inputs) == whole.inputs
    assert streamed.labels is not None and whole.labels is not None
    assert streamed.labels.tolist() == whole.labels.tolist() and streamed.place(9) == whole.place(9) == "t.csv:11"
    config = tiny()
    assert run_identity(config, whole, None) == run_identity(config, streamed, None)
    features = [TextFeatures.fit(examples, config.features) for examples in (whole, streamed)]
    assert features[0].tokenizer.get_vocab() == features[1].tokenizer.get_vocab()
    sources = [one.source(examples) for one, examples in zip(features, (whole, streamed), strict=True)]
    assert (sources[0].tokens.flat == sources[1].tokens.flat).all()
    first, second = (TextClassifier().check(examples) for examples in (whole, streamed))
    assert first == second


def test_a_model_is_trained_on_streamed_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 60, 4)
    streamed, whole = read(path, stream_above=0), read(path)
    models = [TextClassifier(preset="linear", seed=1).fit(examples) for examples in (streamed, whole)]
    assert (models[0].predict_proba(whole) == models[1].predict_proba(streamed)).all()


PROGRAM = """
import json, resource, sys, threading, time
import pandas, pyarrow, torch
from fourfold.nlp.config import tiny
from fourfold.nlp.data import TextFeatures, encode_texts, read
pyarrow.table({"a": ["x"]}).to_pandas()

def anonymous():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))

most, done = [0], []
def watch():
    while not done:
        most[0] = max(most[0], anonymous())
        time.sleep(0.01)

before, whole = anonymous(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threading.Thread(target=watch, daemon=True).start()
examples = read(sys.argv[1], stream_above=int(sys.argv[2]))
features = TextFeatures.fit(examples.take(list(range(0, len(examples), 51))), tiny().features)
table = encode_texts(examples.inputs[::5], features.tokenizer, in_memory=int(sys.argv[2]))
done.append(1)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"rows": len(table), "tokens": len(table.flat), "anonymous": most[0] - before, "all": peak - whole}))
"""


@pytest.mark.slow
def test_a_file_of_300_megabytes_needs_a_fraction_of_it(tmp_path: Path) -> None:
    """In kilobytes: what the process itself holds stays below 250 MB; all, with the pages of the mapped files, which
    the system takes back when it needs them, below what holding the file would need."""
    path = write(tmp_path / "t.csv", 400_000, 100)
    megabytes = path.stat().st_size / 2**20
    assert megabytes > 280
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), str(1 << 20)], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    print(megabytes, found)
    assert found["rows"] == 80_000 and found["tokens"] > 8_000_000
    assert found["anonymous"] < 200 * 1024
    assert found["all"] < (megabytes + 300) * 1024
