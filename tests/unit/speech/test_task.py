"""The loss adds up over micro-batches, and a small model learns to transcribe."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fourfold.core.batch import Batch, Draw
from fourfold.core.nn import TransformerConfig
from fourfold.core.training import OptimizerConfig, TrainConfig, Trainer, predict
from fourfold.speech.data import AugmentConfig, SpeechFeatures, SpeechFeaturesConfig, read
from fourfold.speech.decode import DecodingConfig, Transcriber
from fourfold.speech.model import SpeechModel, SpeechModelConfig, SpeechOutput
from fourfold.speech.task import SpeechTask, aligned, difference

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
        early=settings.get("early", 0) > 0,
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


def test_of_a_compiled_step_the_model_is_compiled(say: Any) -> None:
    """The compiler sees whole models and no loss (nor a break in one), and loss and gradients are those of a plain
    step."""
    examples = data_of(say, 4)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig(flat_start=0.5))
    source = features.source(examples, training=True)
    seen: list[str] = []

    def graphs(graph: torch.fx.GraphModule, _: list[torch.Tensor]) -> Any:
        seen.append(graph.code)
        return graph

    plain, other = task_of(features, early=0.5), task_of(features, early=0.5, compiled=True)
    compiled = torch.compile(other.loss, backend=graphs)
    for progress in (0.4, 0.6):
        batch = source.batch(np.arange(4), Draw(0, 0, progress))
        losses = []
        for task, loss in ((plain, plain.loss), (other, compiled)):
            task.model.zero_grad()
            terms = loss(batch)
            sum(term.sum for term in terms.values()).backward()
            losses.append([float(term.sum.detach()) for term in terms.values()])
        np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
        for one, two in zip(plain.model.parameters(), other.model.parameters(), strict=True):
            torch.testing.assert_close(one.grad, two.grad, atol=1e-4, rtol=1e-4)
    assert 1 <= len(seen) <= 2 and all(code.count("scaled_dot_product_attention") == 4 for code in seen)


def test_two_views_that_differ_cost(say: Any) -> None:
    examples = data_of(say, 6)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig(augment=AugmentConfig(views=2)))
    task, source = task_of(features, consistency=0.2), features.source(examples, training=True)
    parts = [source.batch(rows, Draw(0, 0)) for rows in (np.arange(6), np.arange(4), np.arange(4, 6))]
    whole, *rest = [task.loss(part)["consistency"] for part in parts]
    assert whole.weight == 0.2 * 0.7 and whole.sum > 0
    assert torch.allclose(sum(term.sum for term in rest), whole.sum, rtol=1e-4)
    assert int(task.counts(parts[0])["consistency"]) == 2 * sum(map(len, examples.labels))
    same = Batch({name: torch.cat([tensor[:6]] * 2) for name, tensor in parts[0].tensors.items()})
    assert task.loss(same)["consistency"].sum == 0


def test_the_convolutions_learn_by_themselves(say: Any) -> None:
    examples = data_of(say, 6)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig(flat_start=0.5))
    task, source = task_of(features, early=0.5), features.source(examples, training=True)
    begun, later = (source.batch(np.arange(6), Draw(0, 0, progress)) for progress in (0.4, 0.6))
    assert "flat" in begun and "flat" not in later and "flat" not in source.batch(np.arange(6))
    characters = sum(map(len, examples.labels))
    for batch in (begun, later):
        term = task.loss(batch)["early"]
        assert term.weight == 0.5 * 0.7 and term.sum > 0 and int(task.counts(batch)["early"]) == characters
        term.sum.backward()
        assert all(weight.grad is None for weight in task.model.encoder.parameters())
        assert all(weight.grad is not None for weight in task.model.subsampling.parameters())


def test_a_flat_start_sums_over_micro_batches(say: Any) -> None:
    examples = data_of(say, 5)
    features = SpeechFeatures.fit(examples, SpeechFeaturesConfig(flat_start=1.0))
    task, source = task_of(features, early=1.0), features.source(examples, training=True)
    for name in ("ctc", "early"):
        whole, *parts = [
            task.loss(source.batch(rows, Draw(0, 0)))[name].sum
            for rows in (np.arange(5), np.arange(3), np.arange(3, 5))
        ]
        assert torch.allclose(sum(parts), whole, rtol=1e-4)


def test_a_flat_start_is_a_loss_of_steps() -> None:
    log_probs_BTV = torch.randn(1, 4, 5, generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    steps = torch.tensor([[0, 3, 3, -1]])
    batch = Batch({"target": torch.tensor([[3, 3]]), "target_length": torch.tensor([2]), "flat": steps})
    wanted = -(log_probs_BTV[0, 0, 0] + log_probs_BTV[0, 1, 3] + log_probs_BTV[0, 2, 3]) / 3 * 2
    assert torch.allclose(aligned(log_probs_BTV, torch.tensor([3]), batch), wanted)


def test_the_difference_is_that_of_two_distributions() -> None:
    first, second = torch.randn(2, 5, 1, 4, generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    found = difference(torch.cat([first, second], 1), torch.tensor([3, 3]))
    wanted = [((a.exp() - b.exp()) * (a - b)).sum() for a, b in zip(first[:3], second[:3], strict=True)]
    assert torch.allclose(found, torch.stack(wanted).sum(), rtol=1e-5)


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
    task.transcriber = Transcriber(features.vocabulary, DecodingConfig(search="greedy"))
    greedy = predict(task, features.source(examples), CPU)
    assert sum(a != b for a, b in zip(greedy, examples.labels, strict=True)) <= 2
    task.transcriber = Transcriber(features.vocabulary, DecodingConfig(search="attention"))
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
    task.transcriber = Transcriber(features.vocabulary, DecodingConfig(search="greedy"))
    assert task.predict(batch) == ["ac"]
