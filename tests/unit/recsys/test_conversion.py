"""Two heads on one trunk: clicks, and the conversions that follow."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from console import fourfold

from fourfold.core.batch import Batch
from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.core.metrics import value_of
from fourfold.recsys.config import PRESETS
from fourfold.recsys.conversion import ConversionObjective, EntireSpace
from fourfold.recsys.data import ClickFeatures, conversions
from fourfold.recsys.model import ClickModel
from fourfold.recsys.pipeline import ClickPredictor


def log(count: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a log whose clicks depend on the place and whose conversions, seen of clicks alone, on the price."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"place": random.choice(["top", "side"], count), "price": random.choice([1, 9], count)})
    clicked = random.random(count) < np.where(frame["place"] == "top", 0.6, 0.2)
    rate = np.where(frame["price"] == 1, 0.8, 0.2)
    frame["click"] = clicked.astype(int)
    frame["bought"] = (clicked & (random.random(count) < rate)).astype(int)
    return frame, rate


def told_apart(said: np.ndarray, rate: np.ndarray) -> float:
    """Return by how much rows of the high rate are said to have a higher one than the others: .6 is the truth."""
    return float(said[rate > 0.5].mean() - said[rate < 0.5].mean())


def pipeline(preset: str = "tiny", **features: object) -> ClickPredictor:
    found = ClickPredictor(preset, seed=0)
    changes = {"features": {"conversion": "bought", **features}}
    return found.set_params(config=override(ClickPredictor("tiny").resolve(), changes))


def read(frame: pd.DataFrame) -> object:
    return ClickPredictor(config=pipeline().config).read(frame, label="click")


def test_what_follows_a_click_is_learned_over_all_rows(tmp_path: Path) -> None:
    frame, rate = log(3000)
    model = pipeline().fit(frame[:2500], label="click")
    rows, truth = frame[2500:].drop(columns=["click", "bought"]), rate[2500:]
    said = model.predict_conversion(rows)
    assert np.abs(said - truth).max() < 0.15
    assert np.abs(model.predict(rows) - np.where(rows["place"] == "top", 0.6, 0.2)).max() < 0.15
    assert model.predict_proba(rows).shape == (500, 2)
    answer = model(rows[:1])[0]
    assert answer.conversion == pytest.approx(said[0])
    model.save(tmp_path / "run")
    np.testing.assert_allclose(ClickPredictor.load(tmp_path / "run").predict_conversion(rows), said, atol=1e-6)
    grown = ClickPredictor(init=tmp_path / "run").fit(frame[2000:], label="click")
    assert told_apart(grown.predict_conversion(rows), truth) > 0.2


def test_the_classical_models_know_conversions_too() -> None:
    frame, rate = log(3000)
    model = pipeline("linear").fit(frame, label="click")
    assert np.abs(model.predict_conversion(frame) - rate).max() < 0.15


def test_metrics_of_conversions_look_at_clicked_rows() -> None:
    frame, _ = log(400)
    examples = read(frame)
    features = ClickFeatures.fit(examples, pipeline().config.features)
    clicks, bought = frame["click"].to_numpy(), frame["bought"].to_numpy()
    said = np.stack([np.full(400, 0.5), np.where(clicks == 1, 0.4 * bought, 0.5)], axis=1)
    objective = ConversionObjective(pipeline_objective(features), "bought")
    found = objective.statistics(said, examples)
    assert value_of(found["conversion_roc_auc"]) == 1.0
    assert value_of(found["click_conversion_roc_auc"]) < 0.9
    assert len(found["conversion_roc_auc"]) == 400
    assert [answer.conversion for answer in objective.answers(said)[:3]] == pytest.approx((said[:3, 1] * 2).tolist())


def pipeline_objective(features: ClickFeatures) -> object:
    from fourfold.recsys.objective import ClickObjective

    return ClickObjective(features.classes)


def test_the_loss_is_that_of_both_products() -> None:
    """Written out: −Σ y log p − (1 − y) log(1 − p) of p(click) and of p(click) · p(conversion | click)."""
    logits = torch.tensor([[0.3, -1.0], [2.0, 0.5], [-40.0, -40.0]], dtype=torch.float64)
    labels = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    click, follows = torch.sigmoid(logits).unbind(1)
    p = torch.stack([click, click * follows], 1)
    expected = torch.nn.functional.binary_cross_entropy(p, labels, reduction="none").sum(0)
    terms = EntireSpace(torch.nn.Identity()).terms(logits, Batch({"label": labels}))
    torch.testing.assert_close(
        torch.stack([terms["click"].sum, terms["conversion"].sum]).float(), expected.float(), rtol=1e-5, atol=1e-6
    )


def test_unknown_labels_count_nothing_and_certainty_stays_finite() -> None:
    logits = torch.tensor([[60.0, 60.0], [1.0, 1.0]], requires_grad=True)
    labels = torch.tensor([[0.0, 0.0], [torch.nan, torch.nan]])
    task = EntireSpace(torch.nn.Identity())
    batch = Batch({"label": labels})
    assert {name: int(count) for name, count in task.counts(batch).items()} == {"click": 1, "conversion": 1}
    sum(term.sum for term in task.terms(logits, batch).values()).backward()
    assert logits.grad.isfinite().all() and not logits.grad[1].any()


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"finetune"}))
def test_every_model_can_have_two_heads(preset: str) -> None:
    model = ClickModel(PRESETS[preset]().model, [4, 5, 3], [2], ["a", "b", "c"], outputs=2).eval()
    batch = Batch({"ids": torch.tensor([[1, 2, 1], [3, 4, 2]]), "position": torch.tensor([[0.5], [1.5]])})
    assert model(batch).shape == (2, 2)


def test_a_teacher_knows_both(tmp_path: Path) -> None:
    frame, rate = log(2000)
    pipeline().fit(frame, label="click").save(tmp_path / "teacher")
    model = pipeline().set_params(teacher=tmp_path / "teacher").fit(frame, label="click")
    assert told_apart(model.predict_conversion(frame), rate) > 0.3


def test_a_sure_model_that_errs_still_learns() -> None:
    logits = torch.tensor([[20.0, 20.0]], requires_grad=True)
    terms = EntireSpace(torch.nn.Identity()).terms(logits, Batch({"label": torch.zeros(1, 2)}))
    sum(term.sum for term in terms.values()).backward()
    assert logits.grad[0, 0] > 1 and logits.grad[0, 1] > 0.4


def test_what_cannot_go_on_with_conversions_is_refused(tmp_path: Path) -> None:
    frame, _ = log(600)
    pipeline().fit(frame, label="click").save(tmp_path / "both")
    ClickPredictor("tiny", seed=0).fit(frame.drop(columns="bought"), label="click").save(tmp_path / "clicks")
    bare = frame.drop(columns="bought")
    with pytest.raises(DataError, match="no column 'bought'"):
        ClickPredictor(init=tmp_path / "both").fit(bare, label="click", valid=0)
    with pytest.raises(DataError, match="no column 'bought'"):
        pipeline().fit(frame, label="click", valid=read(bare), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    asked = override(ClickPredictor(init=tmp_path / "clicks").resolve(), {"features": {"conversion": "bought"}})
    with pytest.raises(ConfigError, match="it learned no conversions"):
        ClickPredictor(init=tmp_path / "clicks", config=asked).fit(frame, label="click")
    with pytest.raises(ConfigError, match="it knows other labels"):
        ClickPredictor("tiny", teacher=tmp_path / "both").fit(bare, label="click")
    with pytest.raises(ConfigError, match="conversion names 'bought', which"):
        pipeline(several=("bought",))


def test_the_classical_models_of_conversions_are_under_the_artefacts_hash(tmp_path: Path) -> None:
    frame, _ = log(600)
    pipeline("linear").fit(frame, label="click").save(tmp_path / "run")
    facts = tmp_path / "run" / "conversion" / "clicks.json"
    facts.write_text(facts.read_text() + " ")
    with pytest.raises(ArtifactError, match="damaged"):
        ClickPredictor.load(tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "conversion")
    with pytest.raises(ArtifactError, match=r"conversion/config.json: missing from the saved model"):
        ClickPredictor.load(tmp_path / "run")


def test_conversions_may_be_empty_and_written_as_pandas_does(tmp_path: Path) -> None:
    frame, _ = log(600)
    frame["bought"] = frame["bought"].where(frame["click"] == 1)  # 0.0, 1.0 and nothing
    frame.to_csv(tmp_path / "log.csv", index=False)
    examples = ClickPredictor(config=pipeline().config).read(tmp_path / "log.csv", label="click")
    assert conversions(examples, "bought").tolist() == frame["bought"].fillna(0).tolist()


def test_a_column_without_a_name_is_no_conversion() -> None:
    frame = pd.DataFrame({"": range(60), "a": [*"xyz"] * 20, "click": [0, 1] * 30})
    assert len(ClickPredictor("tiny", seed=0).fit(frame, label="click").predict(frame)) == 60


def test_what_is_no_conversion_is_told() -> None:
    frame, _ = log(200)
    with pytest.raises(DataError, match="row 3: '2' in column 'bought' is no conversion; write 0 or 1"):
        conversions(read(frame.assign(bought=[0, 0, 0, 2, *[0] * 196])), "bought")
    with pytest.raises(DataError, match="no click is a conversion by column 'bought'"):
        pipeline().fit(frame.assign(bought=0), label="click")
    with pytest.raises(ConfigError, match="no column 'bougt'; did you mean 'bought'"):
        pipeline(conversion="bougt").fit(frame, label="click")
    assert conversions(read(frame.assign(bought=[True, None, *[False] * 198])), "bought")[:2].tolist() == [1.0, 0.0]
    model = ClickPredictor("tiny", seed=0).fit(frame.drop(columns="bought"), label="click")
    with pytest.raises(ConfigError, match="this model knows clicks alone"):
        model.predict_conversion(frame)


def test_the_command_writes_both(tmp_path: Path) -> None:
    frame, _ = log(600)
    frame.to_csv(tmp_path / "log.csv", index=False)
    options = ("--label", "click", "--set", "features.conversion=bought", "--preset", "tiny")
    assert fourfold("recsys", "train", tmp_path / "log.csv", "--out", tmp_path / "run", *options).code == 0
    frame[["place", "price"]].head(3).to_csv(tmp_path / "new.csv", index=False)
    done = fourfold("recsys", "predict", tmp_path / "run", "--file", tmp_path / "new.csv")
    assert done.code == 0 and done.out.splitlines()[0] == "probability,conversion,error"
    frame.drop(columns="bought").to_csv(tmp_path / "bare.csv", index=False)
    done = fourfold("recsys", "eval", tmp_path / "run", tmp_path / "bare.csv")
    assert done.code != 0 and "no column 'bought'" in done.err
