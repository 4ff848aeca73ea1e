"""BERT in our classes against Hugging Face's, randomly initialised."""

import json

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel

from fourfold.core.batch import Batch
from fourfold.core.errors import ArtifactError, ConfigError
from fourfold.core.nn import TransformerConfig
from fourfold.nlp.model import TextModel, TextModelConfig
from fourfold.nlp.pretrained import bert_config, bert_state, load_bert

SHAPES = [  # width, layers, heads, hidden, activation, classes
    (32, 2, 4, 64, "gelu", 2),
    (48, 3, 3, 100, "relu", 5),
    (64, 1, 1, 256, "gelu", 1),
]


def original(width=32, layers=2, heads=4, hidden=64, activation="gelu", classes=2, kind=None):
    settings = BertConfig(
        vocab_size=99,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=hidden,
        hidden_act=activation,
        max_position_embeddings=40,
        num_labels=classes,
    )
    torch.manual_seed(0)
    model = (kind or BertForSequenceClassification)(settings).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # larger than the first weights, and biases that are not 0
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def inputs() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    keep = torch.arange(11)[None] < torch.tensor([11, 4, 7])[:, None]
    return {
        "ids": torch.randint(0, 99, (3, 11), generator=generator),
        "keep": keep,
        "segments": torch.randint(0, 2, (3, 11), generator=generator),
    }


def theirs(model, tensors, **more):
    names = {"ids": "input_ids", "keep": "attention_mask", "segments": "token_type_ids"}
    with torch.no_grad():
        return model(**{names[name]: tensor.long() for name, tensor in tensors.items()}, **more)


@pytest.mark.parametrize(("width", "layers", "heads", "hidden", "activation", "classes"), SHAPES)
@pytest.mark.parametrize("left_out", [(), ("segments",), ("keep", "segments")])
def test_logits(width, layers, heads, hidden, activation, classes, left_out):
    model = original(width, layers, heads, hidden, activation, classes)
    ours = load_bert(model.state_dict(), model.config.to_dict()).eval()
    tensors = {name: tensor for name, tensor in inputs().items() if name not in left_out}
    with torch.no_grad():
        got = ours(Batch(tensors))
    torch.testing.assert_close(got, theirs(model, tensors).logits, atol=1e-5, rtol=0)


def test_hidden_states_of_every_layer():
    model = original(layers=3)
    ours = load_bert(model.state_dict(), model.config.to_dict()).eval()
    found = []
    for module in (ours.embedding, *ours.encoder.layers):
        module.register_forward_hook(lambda module, args, output: found.append(output))
    tensors = inputs()
    with torch.no_grad():
        ours(Batch(tensors))
        only = found.pop()  # the pooler reads the first token, so that no other leaves the last layer
        ours.encoder(found[0], tensors["keep"])
    del found[1:-3]  # the layers of the first call
    wanted = theirs(model, tensors, output_hidden_states=True).hidden_states
    assert len(found) == len(wanted) == 4
    torch.testing.assert_close(only, wanted[-1][:, :1], atol=1e-5, rtol=0)
    for got, want in zip(found, wanted, strict=True):
        torch.testing.assert_close(got[tensors["keep"]], want[tensors["keep"]], atol=1e-5, rtol=0)


def test_from_the_folder_of_save_pretrained_and_back(tmp_path):
    model = original()
    model.save_pretrained(tmp_path)
    ours = load_bert(tmp_path).eval()
    again = original()
    again.load_state_dict(bert_state(ours))
    with torch.no_grad():
        got = ours(Batch(inputs()))
    torch.testing.assert_close(theirs(again, inputs()).logits, theirs(model, inputs()).logits, atol=0, rtol=0)
    torch.testing.assert_close(got, theirs(model, inputs()).logits, atol=1e-5, rtol=0)


def test_a_plain_encoder_gets_a_fresh_head():
    model = original(kind=BertModel)
    torch.manual_seed(5)
    ours = load_bert(model.state_dict(), model.config.to_dict(), num_classes=7).eval()
    with torch.no_grad():
        x_BLD = ours.embedding(inputs()["ids"], inputs()["segments"])
        pooled_BD = torch.tanh(ours.pooler(ours.encoder(x_BLD, inputs()["keep"])[:, 0]))
        assert ours(Batch(inputs())).shape == (3, 7)
    torch.testing.assert_close(pooled_BD, theirs(model, inputs()).pooler_output, atol=1e-5, rtol=0)


def test_a_masked_language_model_has_no_pooler():
    model = original(kind=BertForMaskedLM)
    ours = load_bert(model.state_dict(), model.config.to_dict(), num_classes=2)
    assert ours.pooler is None


def test_another_number_of_classes_draws_the_head_afresh():
    model = original()
    ours = load_bert(model.state_dict(), model.config.to_dict(), num_classes=4)
    assert ours.head.weight.shape == (4, 32)
    assert torch.equal(ours.pooler.weight, model.bert.pooler.dense.weight)


def test_old_names_of_norms():
    model = original()
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in model.state_dict().items()
    }
    ours = load_bert(old, model.config.to_dict())
    assert torch.equal(ours.embedding.norm.weight, model.bert.embeddings.LayerNorm.weight)


def test_errors(tmp_path):
    model = original()
    state, settings = model.state_dict(), model.config.to_dict()
    question = "is this the kind of model that the configuration describes?"

    def message(error, call, *args):
        with pytest.raises(error) as caught:
            call(*args)
        return str(caught.value)

    assert message(ConfigError, load_bert, state) == (
        "load_bert: give the model's settings as config, since a state dict holds none"
    )
    assert message(ConfigError, load_bert, original(kind=BertModel).state_dict(), settings) == (
        "weights: these weights hold no classifier; give num_classes"
    )
    assert message(ArtifactError, load_bert, state, settings | {"model_type": "gpt2"}) == (
        "weights: model_type 'gpt2' is not bert; load a BERT model"
    )
    assert message(ArtifactError, load_bert, state, settings | {"hidden_act": "gelu_new"}) == (
        "weights: hidden_act 'gelu_new' is not supported; there is: gelu, relu"
    )
    assert message(ArtifactError, load_bert, state, {"model_type": "bert", "vocab_size": 99}) == (
        "weights: the settings lack hidden_size, num_hidden_layers, num_attention_heads, intermediate_size, "
        "max_position_embeddings; give those of a BERT model"
    )
    less = {name: tensor for name, tensor in state.items() if not name.endswith("query.bias")}
    assert message(ArtifactError, load_bert, less, settings) == (
        "weights: missing weights: 'bert.encoder.layer.0.attention.self.query.bias', "
        f"'bert.encoder.layer.1.attention.self.query.bias'; {question}"
    )
    assert message(ArtifactError, load_bert, state, settings | {"num_hidden_layers": 1}).endswith(
        f"and 13 more; {question}"
    )
    assert message(ArtifactError, load_bert, state, settings | {"vocab_size": 98}) == (
        "weights: weight 'bert.embeddings.word_embeddings.weight' has the shape (99, 32), the configuration "
        "asks for (98, 32); give the configuration that it was trained with"
    )
    (tmp_path / "config.json").write_text(json.dumps(settings))
    assert message(ArtifactError, load_bert, tmp_path) == (
        f"{tmp_path}/model.safetensors: no such file; check the path"
    )
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    assert message(ArtifactError, load_bert, tmp_path).startswith(
        f"{tmp_path}/model.safetensors: not readable as safetensors ("
    )


def test_settings_of_bert():
    config = bert_config(BertConfig().to_dict())
    assert config.encoder == TransformerConfig(
        width=768,
        num_layers=12,
        num_heads=12,
        hidden=3072,
        attention_dropout=0.1,
        pre_norm=False,
        norm_eps=1e-12,
    )
    assert (config.max_length, config.pooling, config.pooler) == (512, "first", True)


@pytest.mark.parametrize("pooler", [False, True])
def test_most_of_the_model_is_the_core(pooler):
    model = TextModel(TextModelConfig(pooler=pooler), vocab_size=8000, num_classes=10)
    core = sum(p.numel() for p in model.encoder.parameters())
    tables = sum(p.numel() for p in model.embedding.parameters())
    assert core / (sum(p.numel() for p in model.parameters()) - tables) > 0.7
