"""A warm start: old values keep their rows, new ones get fresh ones, and the model answers as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, DataError
from fourfold.recsys.config import PRESETS
from fourfold.recsys.data import read
from fourfold.recsys.model import ClickModel
from fourfold.recsys.pipeline import ClickPredictor
from fourfold.recsys.start import begin_with, read_start

RANDOM = np.random.default_rng(0)
QUICK = {"train": {"epochs": 1, "batch_rows": 64}, "features": {"min_count": 1}, "wide": False}


def day(users: str, rows: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    user = RANDOM.choice([*users], rows)
    frame = pd.DataFrame({"user": user, "site": RANDOM.choice(["x", "y"], rows), "age": RANDOM.integers(0, 90, rows)})
    return frame, (RANDOM.random(rows) < np.where(user < "c", 0.8, 0.2)).astype(int)


@pytest.fixture(scope="module", params=["small", "finalmlp"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "run"
    config = override(PRESETS[request.param](), QUICK)
    ClickPredictor(request.param, config=config).fit(*day("abcd"), out=folder)
    return folder


def test_old_values_keep_what_was_learned(run: Path) -> None:
    first, start = ClickPredictor.load(run), read_start(str(run))
    frame, labels = day("bcdef")
    features = first.features_.grown(read(frame, labels))
    before, after = first.features_.fields[0].values.to_pylist(), features.fields[0].values.to_pylist()
    assert sorted(before) == [*"abcd"] and after[:4] == before and sorted(after[4:]) == ["e", "f"]
    model = ClickModel(first.config_.model, features.sizes, features.bins, features.names).eval()
    fresh = {name: value.clone() for name, value in model.state_dict().items()}
    begin_with(model, start)
    assert first.model_ is not None
    known, new = (read(frame[frame["user"] < "e"]), read(frame[frame["user"] >= "e"]))
    with torch.no_grad():
        ours, theirs = (
            one(made.source(known).batch(np.arange(len(known))))
            for one, made in ((model, features), (first.model_, first.features_))
        )
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
    ids = np.unique(features.source(new).ids[:, 0]) + sum(features.sizes[: features.names.index("user")])
    name = "embedding.table.embedding.weight"
    assert torch.equal(model.state_dict()[name][ids], fresh[name][ids]), "new values begin as they were drawn"


def test_the_run_s_model_and_fields_are_taken_over(run: Path) -> None:
    second = ClickPredictor(init=run)
    config = second.resolve()
    assert second.kind == "finetune" and config.model == ClickPredictor.load(run).config_.model
    assert config.features.min_count == 1 and config.train == PRESETS["finetune"]().train


def test_what_is_set_for_the_new_rows_is_kept(run: Path) -> None:
    config = override(PRESETS["finetune"](), {"features": {"group": "user", "split": "group", "min_count": 9}})
    features = ClickPredictor(init=run, config=config).resolve().features
    assert (features.group, features.split, features.min_count) == ("user", "group", 9)


def test_training_goes_on_from_there(run: Path, tmp_path: Path) -> None:
    second = ClickPredictor(init=run).fit(*day("bcdef"), out=tmp_path / "second")
    again = ClickPredictor.load(tmp_path / "second")
    frame, labels = day("abcdef")
    assert (
        again.evaluate(frame, labels).metrics["roc_auc"].value
        == second.evaluate(frame, labels).metrics["roc_auc"].value
    )
    weights = second.model_.state_dict() if second.model_ else {}
    assert all(torch.isfinite(value).all() for value in weights.values())


def test_what_cannot_be_started_from(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no such folder; give one that `fourfold recsys train` wrote$"):
        ClickPredictor(init=tmp_path / "none").fit(*day("ab"))
    frame, labels = day("ab")
    with pytest.raises(DataError, match=r"no column 'site', which the model was trained on"):
        ClickPredictor(init=run).fit(frame.drop(columns="site"), labels)
