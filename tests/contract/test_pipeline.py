"""What every pipeline promises: fit, predict, evaluate, save, load, scikit-learn's manners."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from domain_data import Sample
from sklearn.base import clone

from fourfold.core.config import from_dict, to_dict
from fourfold.core.errors import ArtifactError, ConfigError, DataError, NotFittedError
from fourfold.core.facts import core_share
from fourfold.core.training import predict


def raw(model: Any, X: Any) -> Any:
    """The outputs before they become answers."""
    return model._outputs(model.read(X))


def close(a: Any, b: Any, tolerance: float) -> bool:
    return a == b if isinstance(a, list) else bool(np.abs(np.asarray(a) - np.asarray(b)).max() <= tolerance)


def test_a_configuration_survives_json(sample: Sample) -> None:
    for make in type(sample.pipeline()).presets.values():
        config = make()
        assert from_dict(type(config), json.loads(json.dumps(to_dict(config)))) == config


def test_tiny_data_is_learned_by_heart(sample: Sample) -> None:
    X, y = sample.make(40, 3)
    model = sample.pipeline(seed=1).fit(X, y, valid=0)
    assert model.score(X, y) >= 0.95


def test_validation_rows_may_be_given_as_examples(sample: Sample) -> None:
    X, y = sample.make(24, 3)
    model = sample.pipeline(seed=1)
    held_out = model.read(*sample.make(10, 4))
    assert model.fit(X, y, valid=held_out).evaluation_.rows == len(held_out)


def test_saved_and_moved_and_loaded_it_predicts_the_same(sample: Sample, model: Any, run: Path, tmp_path: Path) -> None:
    X, _ = sample.make(20, 5)
    shutil.copytree(run, tmp_path / "elsewhere")
    again = type(model).load(tmp_path / "elsewhere")
    assert close(raw(again, X), raw(model, X), 0.0)
    saved = again.save(tmp_path / "saved")
    assert close(raw(type(model).load(saved), X), raw(model, X), 0.0)


def test_batch_size_and_padding_change_nothing(sample: Sample, model: Any) -> None:
    X, _ = sample.make(23, 5)
    source = model.features_.source(model.read(X))
    whole = predict(model.task_, source, next(model.model_.parameters()).device)
    for rows in (1, 4):
        part = predict(model.task_, source, next(model.model_.parameters()).device, batch_rows=rows)
        assert close(part, whole, 1e-5)


def test_answers_may_be_in_bfloat16(sample: Sample, model: Any, run: Path) -> None:
    X, _ = sample.make(20, 5)
    quick = type(model).load(run, precision="bfloat16")
    assert clone(quick).precision == "bfloat16" and type(model).load(run).precision == "float32"
    if sample.name == "speech":
        assert quick.predict(X).tolist() == model.predict(X).tolist()
        off = np.array([one.probability - other.probability for one, other in zip(quick(X), model(X), strict=True)])
    else:
        off = np.asarray(quick.deep_outputs(quick.read(X))) - np.asarray(model.deep_outputs(model.read(X)))
    assert 0 < np.abs(off).max() < 0.1
    unknown = "precision 'int4' is unknown; write auto, float32, bfloat16, float16"
    with pytest.raises(ConfigError, match=unknown):
        type(model).load(run, precision="int4")
    with pytest.raises(ConfigError, match=unknown):
        sample.pipeline(precision="int4").fit(*sample.make(20, 5))


def test_predictions_come_in_row_order(sample: Sample, model: Any) -> None:
    X, _ = sample.make(12, 5)
    one_by_one = [model(model.read(X).take(np.array([row])))[0] for row in range(12)]
    for alone, together in zip(one_by_one, model(X), strict=True):
        assert alone.label == pytest.approx(together.label, abs=1e-5) if isinstance(alone.label, float) else True
        assert isinstance(alone.label, float) or alone.label == together.label
    assert len(model.predict(X)) == 12


def test_predictions_are_what_scikit_learn_would_compare(sample: Sample) -> None:
    """Labels come back as they were given: numbers as numbers."""
    if sample.name == "vision":
        X, _ = sample.make(40, 3)
        y = np.arange(40) % 3
    elif sample.name == "nlp":
        X, y = sample.make(40, 3)[0], np.arange(40) % 2
    else:
        X, y = sample.make(40, 3)
    model = sample.pipeline().set_params(preset="linear")
    predicted = model.fit(X, y, valid=0).predict(X)
    assert predicted.shape == (40,)
    if sample.name in ("nlp", "vision"):
        assert predicted.dtype == model.classes_.dtype == np.int64
        assert float((predicted == y).mean()) == pytest.approx(model.score(X, y))


def test_as_many_labels_as_rows(sample: Sample) -> None:
    X, y = sample.make(10, 0)
    with pytest.raises(DataError) as error:
        sample.pipeline().fit(X, y[:-1])
    assert str(error.value) == "10 rows but 9 labels; give one a row"


def test_an_empty_label_names_no_column(sample: Sample, model: Any, data_file: Path) -> None:
    for reader in (model, sample.pipeline()):
        found = [reader.read_labelled(data_file, label=label).labels for label in (None, "")]
        assert found[0].tolist() == found[1].tolist()
        assert reader.check(data_file, label="") == reader.check(data_file)


def test_save_writes_over_nothing(sample: Sample, model: Any, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ArtifactError) as error:
        model.save(tmp_path)
    assert str(error.value) == f"{tmp_path}: it is there already and not empty; choose another path"


def test_an_unknown_metric_is_refused_before_training(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    from fourfold.core.config import override

    model = sample.pipeline()
    model.set_params(config=override(model.config, {"train": {"metric": "f7"}}))
    with pytest.raises(ConfigError, match=r"^train.metric: no metric 'f7'; "):
        model.fit(data_file, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_unfitted_it_says_so(sample: Sample) -> None:
    model = sample.pipeline()
    name, (X, _) = type(model).__name__, sample.make(2, 0)
    for call in (model.predict, model, model.evaluate, lambda X: model.save("nowhere")):
        with pytest.raises(NotFittedError) as error:
            call(X)
        assert str(error.value) == f"this {name} is not fitted; call fit, or {name}.load(path)"


def test_it_has_scikit_learns_manners(sample: Sample) -> None:
    model = sample.pipeline(seed=3)
    again = clone(model)
    assert again is not model and again.get_params() == model.get_params() and again.seed == 3
    assert model.set_params(seed=4) is model and model.seed == 4
    assert type(model).__name__ in repr(model)
    learned = [name for name in vars(model) if name.endswith("_")]
    assert learned == []


def test_fit_returns_the_model_and_leaves_settings_alone(sample: Sample) -> None:
    X, y = sample.make(16, 0)
    model = sample.pipeline().set_params(preset="linear")
    before = model.get_params()
    assert model.fit(X, y) is model and model.get_params() == before


def test_the_same_seed_gives_the_same_model(sample: Sample) -> None:
    X, y = sample.make(24, 0)
    quick = {"train": {"epochs": 2}}
    from fourfold.core.config import override

    outputs = []
    for seed in (1, 1, 2):
        model = sample.pipeline(seed=seed)
        model.set_params(config=override(model.config, quick)).fit(X, y)
        outputs.append([p.clone() for p in model.model_.parameters()])
    assert all((a == b).all() for a, b in zip(outputs[0], outputs[1], strict=True))
    assert any((a != b).any() for a, b in zip(outputs[0], outputs[2], strict=True))


def test_an_evaluation_has_intervals_and_the_baseline_beside_it(sample: Sample, model: Any, tmp_path: Path) -> None:
    X, y = sample.make(30, 9)
    evaluation = model.evaluate(X, y)
    main = evaluation.metrics[evaluation.main_metric]
    assert main.low <= main.value <= main.high
    assert evaluation.baseline is not None and evaluation.verdict().startswith("Ship ")
    page = evaluation.save(tmp_path / "report.html").read_text()
    assert evaluation.verdict().split(",")[0] in page


def test_the_linear_baseline_ships_the_same_way(sample: Sample, model: Any, run: Path) -> None:
    X, y = sample.make(30, 9)
    baseline = type(model).load(run / "baseline")
    assert len(baseline.predict(X)) == 30
    assert baseline.evaluate(X, y).model == model.evaluate(X, y).baseline.name


def test_most_of_the_default_model_is_the_core(sample: Sample) -> None:
    X, y = sample.make(40, 0)
    for preset in ("tiny", "small", "base"):
        model = type(sample.pipeline())(preset=preset)
        model.config_ = model.resolve()
        model.features_ = model.features_type.fit(model.read(X, y), model.config_.features)
        assert core_share(model.build_model()) >= 0.7, preset


def test_the_artefact_holds_no_code_and_every_file_is_hashed(model: Any, run: Path) -> None:
    record = json.loads((run / "config.json").read_text())
    files = {path.name for path in run.iterdir() if path.is_file()} - {"config.json"}
    assert files | {"baseline/config.json"} == set(record["files"])
    assert {path.suffix for path in run.rglob("*") if path.is_file()} <= {
        ".json",
        ".jsonl",
        ".safetensors",
        ".html",
        ".md",
    }
    assert {"model.safetensors", "metrics.json", "history.jsonl", "report.html", "README.md"} <= files


def test_a_damaged_artefact_is_refused(model: Any, run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    def refused(change: Any) -> str:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(run, folder)
        change()
        with pytest.raises(ArtifactError) as error:
            type(model).load(folder)
        return str(error.value)

    def rewrite(old: str, new: str) -> None:
        text = (folder / "config.json").read_text()
        assert old in text
        (folder / "config.json").write_text(text.replace(old, new, 1))

    weights, config = folder / "model.safetensors", folder / "config.json"
    again = "copy the folder again or train anew"
    assert (
        refused(lambda: weights.write_bytes(weights.read_bytes()[:-1]))
        == f"{weights}: damaged (its hash differs); {again}"
    )
    assert refused(weights.unlink) == f"{weights}: missing from the saved model; {again}"
    assert refused(config.unlink) == (
        f"{folder}: not a saved model (the folder has no config.json); give a folder that `fourfold … train` wrote"
    )
    assert refused(lambda: config.write_text('{"model_type": "bert"}')) == (
        f"{folder}: its config.json is not Fourfold's; give a folder that `fourfold … train` wrote"
    )
    assert refused(lambda: rewrite('"version": 6', '"version": 7')) == (
        f"{folder}: saved in format 7 by Fourfold 0.1.0, and this one reads up to 6; pip install --upgrade fourfold"
    )
    assert refused(lambda: rewrite('"version": 6', '"version": 5')) == (
        f"{folder}: saved in format 5, whose settings of models and baselines this Fourfold reads no more; "
        "train it again"
    )
    assert (
        refused(lambda: rewrite('"num_heads": ', '"num_heads": 1')) == f"{config}: changed after it was saved; {again}"
    )
    assert refused(lambda: config.write_text("{")).startswith(f"{config}: damaged (")


def test_another_domains_model_is_refused(sample: Sample, run: Path) -> None:
    from fourfold.nlp import TextClassifier
    from fourfold.vision import ImageClassifier

    other = ImageClassifier if sample.name == "nlp" else TextClassifier
    with pytest.raises(ArtifactError) as error:
        other.load(run)
    assert str(error.value) == f"{run}: a model of the domain {sample.name}, not {other.domain}"


def test_an_unknown_preset_is_refused(sample: Sample) -> None:
    with pytest.raises(ConfigError) as error:
        type(sample.pipeline())(preset="smal").fit(*sample.make(8, 0))
    assert str(error.value) == "no preset 'smal'; did you mean 'small'?"
