"""The loss adds up over micro-batches, and a small model learns to transcribe."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fourfold.core.batch import Batch
from fourfold.core.nn import TransformerConfig
from fourfold.core.training import OptimizerConfig, TrainConfig, Trainer, predict
from fourfold.speech.data import SpeechFeatures, SpeechFeaturesConfig, read
from fourfold.speech.model import SpeechModel, SpeechModelConfig, SpeechOutput
from fourfold.speech.task import SpeechTask

CPU = torch.device("cpu")


def task_of(features: SpeechFeatures, **settings: Any) -> SpeechTask:
    torch.manual_seed(0)
    encoder = TransformerConfig(width=64, num_layers=2, dropout=0.0, rotary=True)
    decoder = TransformerConfig(width=64, num_layers=1, dropout=0.0)
    model = SpeechModel(
        SpeechModelConfig(encoder=encoder, decoder=decoder, dropout=0.0),
        mels=features.audio.mels,
        vocab_size=len(features.vocabulary),
        subsampling=features.subsampling,
    )
    return SpeechTask(model, features.vocabulary, **settings)


def data_of(say: Any, count: int) -> Any:
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("abc"), size=random.integers(1, 4), replace=False)) for _ in range(count)]
    return read([(say(text, seed), 8000) for seed, text in enumerate(texts)], texts)


def test_sums_and_counts_add_up_over_micro_batches(say: Any) -> None:
    examples = data_of(say, 9)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig())
    task, source = task_of(features), features.source(examples, training=True)
    whole = source.batch(np.arange(9))
    parts = [source.batch(rows) for rows in (np.arange(4), np.arange(4, 9))]
    terms = task.loss(whole)
    assert [term.weight for term in terms.values()] == [0.7, 0.3]
    characters = sum(map(len, examples.labels))
    assert {name: int(n) for name, n in task.counts(whole).items()} == {
        "ctc": characters,
        "attention": characters + 9,
    }
    for name, term in terms.items():
        assert torch.allclose(sum(task.loss(part)[name].sum for part in parts), term.sum, rtol=1e-5)
        assert sum(task.counts(part)[name] for part in parts) == task.counts(whole)[name]


def test_a_small_model_learns_to_transcribe(say: Any) -> None:
    examples = data_of(say, 48)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig())
    task, source = task_of(features), features.source(examples, training=True)
    config = TrainConfig(epochs=25, batch_rows=8, optimizer=OptimizerConfig(lr=3e-3), precision="float32", threads=1)
    Trainer(config, CPU).fit(task, source)
    outputs = predict(task, features.source(examples), CPU)
    assert sum(a != b for a, b in zip(outputs, examples.labels, strict=True)) <= 2
    assert np.mean([text.confidence for text in outputs]) > 0.7
    assert all(0 <= text.confidence <= 1.001 for text in outputs)
    task.decoder = "ctc"
    greedy = predict(task, features.source(examples), CPU)
    assert sum(a != b for a, b in zip(greedy, examples.labels, strict=True)) <= 2
    task.decoder = "attention"
    spelled = predict(task, features.source(examples), CPU)
    assert sum(a != b for a, b in zip(spelled, examples.labels, strict=True)) <= 24


def test_predict_needs_no_targets_and_keeps_the_order(say: Any) -> None:
    examples = data_of(say, 7)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig())
    task = task_of(features)
    outputs = predict(task, features.source(examples), CPU)
    reverse = predict(task, features.source(examples.take(np.arange(6, -1, -1))), CPU)
    assert list(reversed(reverse)) == list(outputs)
    batch = features.source(examples, training=True).batch(np.arange(7))
    task.model.eval()
    assert task.predict(batch) == task.predict(Batch({name: batch[name] for name in ("frames", "length")}))


def test_the_decoder_repairs_a_spelling(say: Any, monkeypatch: Any) -> None:
    """CTC prefers "ac" to "ab" by a little, the decoder "ab" by much: together they say "ab"."""
    examples = data_of(say, 4)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig())
    task = task_of(features)
    a, b, c = features.vocabulary.encode("abc").tolist()
    ctc = torch.full((1, 2, len(features.vocabulary)), -9.0)
    ctc[0, 0, a], ctc[0, 1, b], ctc[0, 1, c] = 9.0, 1.0, 1.5

    def decoder(batch: Batch) -> SpeechOutput:
        if "target" not in batch:
            return SpeechOutput(torch.zeros(1, 2, 64), ctc, torch.tensor([2]), None)
        logits = torch.zeros(*batch["target"].shape, len(features.vocabulary))
        logits[:, 1, b] = 3.0
        return SpeechOutput(batch["memory"], ctc, batch["length"], torch.cat([logits, 0 * logits[:, :1]], dim=1))

    monkeypatch.setattr(task.model, "forward", decoder)
    batch = Batch({"frames": torch.zeros(1, 4, 40), "length": torch.tensor([4])})
    assert task.predict(batch) == ["ab"]
    task.decoder = "ctc"
    assert task.predict(batch) == ["ac"]
