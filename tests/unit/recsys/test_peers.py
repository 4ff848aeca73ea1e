"""What the peers measure is the same work for all: every row once, the same shapes, and the first step left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fourfold.core.errors import ConfigError
from fourfold.core.training import BinaryClassification
from fourfold.recsys.model import ClickModel, ClickModelConfig, MLPConfig
from fourfold.recsys.peers import folds, fuxi, loading, preprocessing, processes, training
from fourfold.recsys.peers.setting import FIELDS, HIDDEN, WIDTH, count_of, load_setting


def test_cases_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"^peers: no case 'small_x' of recsys; write small_4096 or large_256"):
        load_setting("small_x", 2, 1)
    with pytest.raises(
        ConfigError, match=r"^peers: --steps 1 must be 2 or above, since the first step is not counted$"
    ):
        load_setting("small_64", 1, 1)
    with pytest.raises(
        ConfigError, match=r"^peers: no case 'rows_x' of this work; write rows_1000, or another number$"
    ):
        count_of("rows_x", "rows")


def test_ours_is_measured_behind_the_first_step() -> None:
    setting = load_setting("small_64", 3, 1)
    block = training.trainers(setting)[-1].run(0)
    assert block.rows == 128 and block.seconds > 0 and block.quality is not None


def test_ours_reads_learns_and_encodes_the_whole_log() -> None:
    log = preprocessing.load_log("rows_3000", 1, 1)
    assert len(log.path.read_text().splitlines()) == 3001
    block = preprocessing.processors(log)[-1].run(0)
    assert block.rows == 3000 and list(block.more) == ["read_seconds", "learn_seconds", "encode_seconds"]
    assert sum(block.more.values()) == pytest.approx(block.seconds, rel=0.1)


def test_ours_loads_every_row_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = loading.load_rows("rows_10000", 1, 1)
    assert (rows.source.position >= rows.source.ids[:, -13:]).all()
    for contender in loading.loaders(rows)[1:]:
        assert contender.run(0).rows == 10_000


def test_time_of_processes_below_is_seen() -> None:
    work = "import time; start = time.process_time()\nwhile time.process_time() - start < 0.5: pass"
    block = processes.timed_tree(1, lambda: subprocess.run([sys.executable, "-c", work], check=True))
    assert 0.2 < block.cpu_seconds < 5


def test_lightgbm_and_ours_see_the_same_folds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lightgbm")
    rng, rows = np.random.default_rng(0), 600
    frame = pd.DataFrame({"age": rng.integers(18, 90, rows), "job": rng.choice(["a", "b", ""], rows)})
    frame["income"] = np.where(frame["age"] + 40 * (frame["job"] == "a") > 60 + 20 * rng.random(rows), ">50K", "<=50K")
    (tmp_path / "recsys" / "adult").mkdir(parents=True)
    frame.to_csv(tmp_path / "recsys" / "adult" / "adult.csv.gz", index=False)
    monkeypatch.setenv("FOURFOLD_DATA", str(tmp_path))
    blocks = {one.name: one.run(1) for one in folds.learners(folds.load_folds("adult", 1, 1))[:2]}
    assert list(blocks) == ["LightGBM", "gradient-boosted trees"]
    assert all(block.rows == 480 and block.quality is not None and block.quality > 0.9 for block in blocks.values())


def test_fuxictr_has_the_same_model(tmp_path: Path) -> None:
    pytest.importorskip("fuxictr")
    fields = fuxi.feature_map(tmp_path, [50] * FIELDS)
    theirs = fuxi.deep_fm(fields, tmp_path, width=WIDTH, hidden=HIDDEN, penalty=0.0, rate=1e-3)
    config = ClickModelConfig(
        parts=("linear", "fm", "mlp"), width=WIDTH, mlp=MLPConfig(hidden=HIDDEN, batch_norm=False)
    )
    ours = BinaryClassification(ClickModel(config, [50] * FIELDS)).model
    padding = FIELDS * (WIDTH + 1)  # a row of zeros in each table
    counts = [sum(weight.numel() for weight in model.parameters()) for model in (theirs, ours)]
    assert abs(counts[0] - padding - counts[1]) <= 2, "a bias more or less"
    ids = np.random.default_rng(0).integers(0, 50, (8, FIELDS))
    (batch,) = fuxi.in_memory(fuxi.columns_of(ids, np.ones(8)), 8)
    with torch.no_grad():
        assert theirs(batch)["y_pred"].shape == (8, 1)
