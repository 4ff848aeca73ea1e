"""Learning words: what is hidden, and that it is learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fourfold.core import pipeline
from fourfold.core.batch import Draw
from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError
from fourfold.core.training import TrainConfig, Trainer
from fourfold.nlp import TextClassifier, pretrain
from fourfold.nlp.data import TextFeatures, TextFeaturesConfig, read
from fourfold.nlp.masking import MaskedSource, MaskedTask
from fourfold.nlp.model import MaskedLanguageModel, TextModelConfig

TEXTS = ["the cat sat on the mat", "the dog lay on the rug", "a bird sang in the tree", "the cat lay on the rug"] * 10
LABELS = ["cat", "dog", "bird", "cat"] * 10
TINY = {"train": {"epochs": 2, "batch_rows": 16}, "features": {"min_frequency": 1}, "pretrain": {"epochs": 2}}


def masked_source(share: float = 0.15, max_length: int = 256) -> tuple[MaskedSource, TextFeatures]:
    config = TextFeaturesConfig(min_frequency=1, max_length=max_length)
    features = TextFeatures.of_texts(read(TEXTS), config)
    source = MaskedSource(
        features.source(read(TEXTS)), share, mask_id=features.mask_id, special=features.special_ids,
        vocab_size=features.vocab_size,
    )  # fmt: skip
    return source, features


def test_the_share_that_is_asked_for_is_hidden_as_bert_does() -> None:
    source, features = masked_source(0.5)
    rows, changed, masks, total = np.arange(40), 0, 0, 0
    plain = source.source.batch(rows)["ids"].flatten()
    for epoch in range(20):
        batch = source.batch(rows, Draw(0, epoch))
        ids, places = batch["ids"].flatten(), batch["masked"]
        assert torch.equal(batch["target"], plain[places])
        others = torch.ones(len(ids), dtype=torch.bool).index_fill(0, places, False)
        assert torch.equal(ids[others], plain[others]), "what is not to be guessed is left alone"
        assert not np.isin(batch["target"].numpy(), sorted(features.special_ids)).any()
        masks += int((ids[places] == features.mask_id).sum())
        changed += int((ids[places] != plain[places]).sum())
        total += len(places)
    words = 20 * int((~np.isin(plain.numpy(), sorted(features.special_ids))).sum())
    assert total / words == pytest.approx(0.5, abs=0.02)
    assert masks / total == pytest.approx(0.8, abs=0.03) and changed / total == pytest.approx(0.9, abs=0.03)


def test_at_least_one_token_is_to_be_guessed() -> None:
    source, _ = masked_source(1e-9)
    batch = source.batch(np.array([3]), Draw(0, 0))
    assert len(batch["masked"]) == len(batch["target"]) == 1


def test_words_are_learned() -> None:
    source, features = masked_source(0.3, max_length=5)
    torch.manual_seed(0)
    model = MaskedLanguageModel(TextModelConfig(), features.vocab_size)
    losses: list[float] = []
    from fourfold.core.training import Silent

    class Watch(Silent):
        def log(self, row: dict[str, float]) -> None:
            losses.append(row["loss"])

    config = TrainConfig(epochs=40, batch_rows=20, precision="float32")
    Trainer(config, torch.device("cpu"), observer=Watch()).fit(MaskedTask(model), source)
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_a_run_that_learned_words_is_what_training_starts_from(tmp_path: Path) -> None:
    config = override(TextClassifier("tiny").resolve(), TINY)
    out = TextClassifier("tiny", config=config, seed=3).pretrain(TEXTS, out=tmp_path / "words")
    model = TextClassifier(
        "tiny", init=out, config=override(config, {"pretrain": {"epochs": 0}, "train": {"epochs": 1}})
    )
    model.fit(TEXTS, LABELS, out=tmp_path / "run")
    from safetensors.torch import load_file

    words = load_file(out / "model.safetensors")["embedding.words.weight"]
    now = load_file(tmp_path / "run" / "model.safetensors")["embedding.words.weight"]
    assert words.shape == now.shape and 0 < (words - now).abs().max() < 0.1
    again = TextClassifier.load(tmp_path / "run")
    assert (again.predict_proba(TEXTS) == model.predict_proba(TEXTS)).all()
    follow = TextClassifier(init=tmp_path / "run").resolve()
    assert follow.model.encoder.width == 64 and follow.train.optimizer.lr == 1e-4
    with pytest.raises(ArtifactError) as error:
        TextClassifier(init=tmp_path / "run" / "baseline").resolve()
    assert str(error.value).endswith("a linear model has no weights to start from; give a Transformer's folder")
    with pytest.raises(ArtifactError) as error:
        TextClassifier("tiny", config=config).pretrain(TEXTS, out=out)
    assert "the folder holds a run" in str(error.value)


def test_words_first_then_labels_resumes(tmp_path: Path) -> None:
    config = override(TextClassifier("tiny").resolve(), TINY)
    whole = TextClassifier("tiny", config=config).fit(TEXTS, LABELS, out=tmp_path / "whole")
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert "model.safetensors" in names and not {"features", "stages"} & names
    plain = TextClassifier("tiny", config=override(config, {"pretrain": {"epochs": 0}})).fit(TEXTS, LABELS)
    assert (whole.predict_proba(TEXTS) != plain.predict_proba(TEXTS)).any()


def test_damage_to_the_features_costs_none_of_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    model = TextClassifier("tiny", config=override(TextClassifier("tiny").resolve(), TINY))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pipeline, "publish", stop)
        model.fit(TEXTS, LABELS, out=tmp_path)
    for path in (tmp_path / "features").iterdir():
        path.write_text("damaged")
    monkeypatch.setattr(pretrain, "_train", stop)
    assert model.fit(TEXTS, LABELS, out=tmp_path, resume=True).predict(TEXTS[:1])


def test_settings_are_checked() -> None:
    for name, value, message in (
        ("epochs", -1, "pretrain.epochs (-1.0) must be 0 (none) or above"),
        ("mask", 1.0, "pretrain.mask (1.0) must lie in (0, 1)"),
    ):
        with pytest.raises(ConfigError) as error:
            override(TextClassifier("tiny").resolve(), {"pretrain": {name: value}})
        assert str(error.value) == message


def test_learning_words_first_is_repeatable() -> None:
    config = override(TextClassifier("tiny").resolve(), TINY)
    one, two = (TextClassifier("tiny", config=config, seed=3).fit(TEXTS, LABELS, valid=0) for _ in range(2))
    assert (one.predict_proba(TEXTS) == two.predict_proba(TEXTS)).all()


def test_a_resumed_run_starts_from_the_same_weights(tmp_path: Path) -> None:
    config = override(TextClassifier("tiny").resolve(), TINY)
    for seed in (1, 2):
        TextClassifier("tiny", config=config, seed=seed).pretrain(TEXTS, out=tmp_path / str(seed))
    labels_alone = override(config, {"pretrain": {"epochs": 0}, "train": {"epochs": 1}})
    TextClassifier("tiny", init=tmp_path / "1", config=labels_alone).fit(TEXTS, LABELS, out=tmp_path / "run")
    with pytest.raises(ConfigError, match=r"cannot resume: init was "):
        other = TextClassifier("tiny", init=tmp_path / "2", config=labels_alone)
        other.fit(TEXTS, LABELS, out=tmp_path / "run", resume=True)
    again = TextClassifier("tiny", init=f"{tmp_path}/./1", config=labels_alone)
    again.fit(TEXTS, LABELS, out=tmp_path / "run", resume=True)


def test_a_shape_that_cannot_be_had_is_refused(tmp_path: Path) -> None:
    config = override(TextClassifier("tiny").resolve(), TINY)
    TextClassifier("tiny", config=config).pretrain(TEXTS, out=tmp_path / "words")
    other = override(config, {"model": {"encoder": {"num_layers": 5}}})
    with pytest.raises(ConfigError) as error:
        TextClassifier("tiny", init=tmp_path / "words", config=other).resolve()
    assert str(error.value) == (
        f"init '{tmp_path}/words': its shape is fixed, 2 layers of width 64, not 5 of 64; leave model.encoder out"
    )
    space = TextClassifier(init=tmp_path / "words").search_space
    assert "train.optimizer.lr" in space and "model.encoder.num_layers" not in space


def test_an_init_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    BertModel(BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2)).save_pretrained(
        tmp_path
    )
    with pytest.raises(ArtifactError) as error:
        TextClassifier(init=tmp_path).resolve()
    assert str(error.value) == f"{tmp_path}: no tokenizer; put its tokenizer.json or vocab.txt beside config.json"
