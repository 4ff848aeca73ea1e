"""Folders that are damaged, hostile, or of another kind: what is refused, and in which words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest
import torch
from hugging import KINDS, original, ours, saved, settings
from huggingface_hub.errors import RepositoryNotFoundError
from safetensors.torch import load_file, save_file

from fourfold.core.errors import ArtifactError, ConfigError
from fourfold.core.hub import find_folder
from fourfold.nlp.model import MaskedLanguageModel, TextModel
from fourfold.nlp.pretrained import read_pretrained, save_pretrained, start

QUESTION = "is this the kind of model that the configuration describes?"


def message(call, *arguments, error: type[Exception] = ArtifactError, **named) -> str:
    with pytest.raises(error) as caught:
        call(*arguments, **named)
    return str(caught.value)


def change_settings(folder: Path, **values) -> None:
    """Set values in config.json, or take them out where they are `...`."""
    path = folder / "config.json"
    new = json.loads(path.read_text()) | values
    path.write_text(json.dumps({name: value for name, value in new.items() if value is not ...}))


def change_weights(folder: Path, **values: torch.Tensor | None) -> None:
    """Set weights, or take out those that are None; `__` in a name stands for a dot."""
    state = load_file(folder / "model.safetensors") | {name.replace("__", "."): value for name, value in values.items()}
    save_file({name: value for name, value in state.items() if value is not None}, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("bert", {"model_type": "gpt2"}, "model_type 'gpt2' is not supported; there is: bert, roberta, distilbert"),
        ("bert", {"model_type": ["bert"]}, "model_type ['bert'] is not supported; there is: bert, roberta, distilbert"),
        ("bert", {"model_type": ...}, "no model_type; there is: bert, roberta, distilbert"),
        ("bert", {"hidden_act": "gelu_new"}, "hidden_act 'gelu_new' is not supported; there is: gelu, relu"),
        ("roberta", {"hidden_act": "relu"}, "hidden_act 'relu' is not supported; there is: gelu"),
        ("distilbert", {"activation": "silu"}, "activation 'silu' is not supported; there is: gelu, relu"),
        ("bert", {"hidden_act": {"a": 1}}, "hidden_act {'a': 1} is not supported; there is: gelu, relu"),
        (
            "bert",
            {"position_embedding_type": "relative_key"},
            "position_embedding_type 'relative_key' is not supported; there is: 'absolute'",
        ),
        ("roberta", {"is_decoder": True}, "is_decoder True is not supported; there is: False"),
        ("bert", {"add_cross_attention": True}, "add_cross_attention True is not supported; there is: False"),
        ("distilbert", {"pruned_heads": {"0": [1]}}, "pruned_heads {'0': [1]} is not supported; there is: {}"),
        (
            "bert",
            {"hidden_size": ..., "vocab_size": None},
            "the settings lack vocab_size, hidden_size; give those of a bert model",
        ),
        ("distilbert", {"dim": ...}, "the settings lack dim; give those of a distilbert model"),
        ("bert", {"hidden_size": "32"}, "hidden_size '32' is not a whole number of 1 or more; mend it"),
        ("bert", {"num_hidden_layers": 0}, "num_hidden_layers 0 is not a whole number of 1 or more; mend it"),
        ("bert", {"vocab_size": True}, "vocab_size True is not a whole number of 1 or more; mend it"),
        ("roberta", {"pad_token_id": -1}, "pad_token_id -1 is not a whole number of 0 or more; mend it"),
        ("bert", {"layer_norm_eps": "small"}, "layer_norm_eps 'small' is not a number; mend it"),
        ("bert", {"hidden_dropout_prob": 2}, "dropout (2.0) must lie in [0, 1)"),
        ("bert", {"num_attention_heads": 5}, "width (32) must be divisible by num_heads (5)"),
        ("roberta", {"max_position_embeddings": 2}, "max_length (0) must be 1 or more"),
    ],
)
def test_settings(tmp_path, kind, values, said):
    saved(tmp_path, kind)
    change_settings(tmp_path, **values)
    assert message(read_pretrained, tmp_path) == f"{tmp_path}/config.json: {said}"


def test_labels_that_do_not_fit(tmp_path):
    saved(tmp_path, "bert")
    for names in ({"0": "a"}, {"0": "a", "2": "b"}, ["a", "b"]):
        change_settings(tmp_path, id2label=names)
        assert message(read_pretrained, tmp_path) == (
            f"{tmp_path}/config.json: id2label does not name the classes 0 to 1 of the classifier; mend it"
        )
    change_settings(tmp_path, id2label=...)
    assert read_pretrained(tmp_path).labels is None


def test_config_is_not_json(tmp_path):
    path = tmp_path / "config.json"
    assert message(read_pretrained, tmp_path) == (f"{path}: no such file; give the folder that save_pretrained wrote")
    path.write_text("{")
    assert message(read_pretrained, tmp_path) == (
        f"{path}: not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)); "
        "fetch it again"
    )
    path.write_bytes(b"\xff")
    assert message(read_pretrained, tmp_path).startswith(f"{path}: not JSON ('utf-8' codec can't decode")
    path.write_text("[" * 100_000)
    assert message(read_pretrained, tmp_path).startswith(f"{path}: not JSON (")
    path.write_text("[]")
    assert message(read_pretrained, tmp_path) == f"{path}: a JSON list, not an object; fetch it again"


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_are_missing_unexpected_or_of_another_shape(tmp_path, kind):
    saved(tmp_path, kind)
    words = f"{kind}.embeddings.word_embeddings.weight"
    table = load_file(tmp_path / "model.safetensors")[words]
    change_weights(tmp_path, **{words: None})
    assert message(read_pretrained, tmp_path) == f"{tmp_path}: missing weights: '{words}'; {QUESTION}"
    change_weights(tmp_path, **{words: table[:98].clone()})
    assert message(read_pretrained, tmp_path) == (
        f"{tmp_path}: weight '{words}' has the shape (98, 32), the configuration asks for (99, 32); give the "
        "configuration that it was trained with"
    )
    change_weights(tmp_path, **{words: table, "qa_outputs__weight": torch.ones(2, 32)})
    assert message(read_pretrained, tmp_path) == f"{tmp_path}: unexpected weights: 'qa_outputs.weight'; {QUESTION}"


def test_a_layer_more_and_a_layer_less(tmp_path):
    saved(tmp_path, "bert")
    change_settings(tmp_path, num_hidden_layers=1)
    assert message(read_pretrained, tmp_path).endswith(f"and 13 more; {QUESTION}")
    change_settings(tmp_path, num_hidden_layers=3)
    assert message(read_pretrained, tmp_path).startswith(f"{tmp_path}: missing weights: 'bert.encoder.layer.2.")


@pytest.mark.parametrize(
    ("kind", "weight"),
    [
        ("bert", "bert.pooler.dense.weight"),
        ("roberta", "classifier.dense.weight"),
        ("distilbert", "pre_classifier.weight"),
        ("bert", "classifier.weight"),
        ("roberta", "classifier.out_proj.bias"),
    ],
)
def test_half_a_head(tmp_path, kind, weight):
    saved(tmp_path, kind)
    change_weights(tmp_path, **{weight: None})
    assert message(read_pretrained, tmp_path) == f"{tmp_path}: missing weights: '{weight}'; {QUESTION}"


def test_output_words_that_are_not_tied(tmp_path):
    saved(tmp_path, "bert", "masked")
    words = load_file(tmp_path / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
    change_weights(tmp_path, cls__predictions__decoder__weight=words.clone())
    assert read_pretrained(tmp_path).masked_head
    change_weights(tmp_path, cls__predictions__decoder__weight=words + 1)
    assert message(read_pretrained, tmp_path) == (
        f"{tmp_path}: 'cls.predictions.decoder.weight' is not the table of the words; give a model with "
        "tie_word_embeddings"
    )


def test_what_no_model_of_ours_has_is_left_out(tmp_path):
    saved(tmp_path, "bert")
    change_weights(
        tmp_path,
        bert__embeddings__position_ids=torch.arange(40)[None],
        cls__seq_relationship__weight=torch.ones(2, 32),
        cls__seq_relationship__bias=torch.ones(2),
    )
    assert read_pretrained(tmp_path).masked_head is None


def test_old_names_of_norms(tmp_path):
    model = saved(tmp_path, "bert")
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor.clone()
        for name, tensor in model.state_dict().items()
    }
    save_file(old, tmp_path / "model.safetensors")
    weights = read_pretrained(tmp_path).weights
    assert torch.equal(weights["embedding.norm.weight"], model.bert.embeddings.LayerNorm.weight)


def test_damaged_and_missing_files(tmp_path):
    saved(tmp_path, "bert")
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    assert message(read_pretrained, tmp_path).startswith(f"{path}: not readable as safetensors (")
    path.unlink()
    fix = "give a folder with model.safetensors, which save_pretrained of transformers 5 writes"
    assert message(read_pretrained, tmp_path) == f"{tmp_path}: no model.safetensors; {fix}"
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    assert message(read_pretrained, tmp_path) == (
        f"{tmp_path}: only pytorch_model.bin, whose reading can run code; {fix}"
    )


def test_hostile_shards(tmp_path):
    original(settings("bert")).save_pretrained(tmp_path, max_shard_size="20KB")
    index = tmp_path / "model.safetensors.index.json"
    known = json.loads(index.read_text())["weight_map"]

    def said(places: object) -> str:
        index.write_text(json.dumps({"weight_map": places}))
        return message(read_pretrained, tmp_path)

    name = next(iter(known))
    for place in ("../away.safetensors", "/etc/passwd"):
        assert said(known | {name: place}) == (
            f"{index}: '{place}' is not the name of a file beside it; fetch it again"
        )
    assert said(known | {name: "model.bin"}) == (
        f"{tmp_path}/model.bin: only .safetensors files are read; save the model again in that format"
    )
    assert said(known | {name: "gone.safetensors"}) == f"{tmp_path}/gone.safetensors: no such file; check the path"
    assert said(known | {"more": known[name]}) == f"{index}: no file holds the weight 'more'; fetch it again"
    for places in (None, [], {"a": 1}):
        assert said(places) == f"{index}: weight_map does not say which file holds each weight; fetch it again"


def test_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert message(read_pretrained, "/no/such/folder") == (
        "/no/such/folder: no such folder, nor can it be the name of a model on the Hugging Face Hub; check the path"
    )
    assert message(read_pretrained, "nobody/nothing") == (
        "nobody/nothing: no such folder, and the Hugging Face Hub could not be reached (the model is not whole in "
        "its cache either); check the path or the network, or give a folder made elsewhere by "
        "`hf download nobody/nothing`"
    )
    (tmp_path / "file").touch()
    assert message(find_folder, tmp_path / "file") == f"{tmp_path}/file: a file; give the folder that holds it"


def test_the_hub(tmp_path, monkeypatch):
    asked = {}

    def fetch(name: str, **named: object) -> str:
        asked.update(named, name=name)
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert find_folder("someone/something") == tmp_path
    assert asked == {"name": "someone/something", "allow_patterns": ["*.json", "*.txt", "*.safetensors"]}

    def refuse(name: str, **named: object) -> str:
        raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    assert message(find_folder, "someone/nothing") == (
        "someone/nothing: no such folder, and the Hugging Face Hub has no such model, or hides it; check the name, or "
        "log in with `hf auth login`"
    )


@pytest.mark.parametrize(("error", "why"), [(OSError("disk full\nand more"), "disk full"), (KeyError(), "KeyError")])
def test_a_fetch_that_fails(monkeypatch, error, why):
    def fail(name: str, **named: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    assert message(find_folder, "someone/something") == (
        f"someone/something: no such folder, and not fetched from the Hugging Face Hub ({why}); check the path, the "
        "network and the disk"
    )


def test_a_model_that_the_weights_do_not_fit(tmp_path):
    saved(tmp_path, "bert")
    found = read_pretrained(tmp_path)
    deeper = replace(found.config, encoder=replace(found.config.encoder, num_layers=3))
    assert message(start, TextModel(deeper, 99, 2), found) == (
        f"{tmp_path}: missing weights: 'encoder.layers.2.attention.qkv.weight', 'encoder.layers.2.attention.qkv.bias', "
        f"'encoder.layers.2.attention.out.weight' and 9 more; {QUESTION}"
    )
    flatter = replace(found.config, encoder=replace(found.config.encoder, num_layers=1))
    assert message(start, MaskedLanguageModel(flatter, 99), found).endswith(f"and 9 more; {QUESTION}")
    assert message(start, TextModel(replace(found.config, segments=0), 99, 2), found) == (
        f"{tmp_path}: unexpected weights: 'embedding.segments.weight'; {QUESTION}"
    )
    model = TextModel(found.config, 98, 2)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    assert message(start, model, found) == (
        f"{tmp_path}: weight 'embedding.words.weight' has the shape (99, 32), the configuration asks for (98, 32); "
        "give the configuration that it was trained with"
    )
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_another_pooling_leaves_the_pooler_out(tmp_path):
    saved(tmp_path, "bert")
    found = read_pretrained(tmp_path)
    model = TextModel(replace(found.config, pooling="attention", pooler="none"), 99, 2)
    start(model, found)
    assert torch.equal(model.embedding.words.weight, found.weights["embedding.words.weight"])


def test_what_cannot_be_saved(tmp_path):
    saved(tmp_path, "bert")
    found, out = read_pretrained(tmp_path), tmp_path / "out"
    fix = "build it with the settings of a {kind} model"

    def said(model, kind: str = "bert", **more) -> str:
        return message(save_pretrained, model, out, kind=kind, **more)

    mean = TextModel(replace(found.config, pooling="mean", pooler="none"), 99, 2)
    assert said(mean) == (
        f"not a bert model: pooling is 'mean', not 'first', pooler is 'none', not 'tanh'; {fix.format(kind='bert')}"
    )
    model = ours(tmp_path)
    assert said(model, "roberta") == (
        f"not a roberta model: max_length is 40, not 38, first_position is 0, not 2; {fix.format(kind='roberta')}"
    )
    assert said(model, "distilbert") == (
        f"not a distilbert model: segments is 2, not 0, pooler is 'tanh', not 'relu'; {fix.format(kind='distilbert')}"
    )
    ours_own = MaskedLanguageModel(replace(found.config, encoder=replace(found.config.encoder, pre_norm=True)), 99)
    assert said(ours_own) == (f"not a bert model: encoder.pre_norm is True, not False; {fix.format(kind='bert')}")
    assert said(model, "bart", error=ConfigError) == "unknown kind 'bart'; did you mean 'bert'?"
    assert said(model, labels=("a", "b", "c"), error=ConfigError) == (
        "labels: 3 names for 2 classes; give one for each class"
    )
    assert said(MaskedLanguageModel(found.config, 99), labels=("a",), error=ConfigError) == (
        "labels: a masked language model has no classes; leave them out"
    )
    assert not out.exists()
