"""The masked language model, and what it shares with the classifier."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from fourfold.core.batch import Batch
from fourfold.core.errors import ConfigError, DataError
from fourfold.core.nn import TransformerConfig
from fourfold.nlp.model import MaskedLanguageModel, TextEncoder, TextModel, TextModelConfig

TINY = TextModelConfig(encoder=TransformerConfig(width=16, num_layers=2, num_heads=2), max_length=12)


def batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "ids": torch.randint(0, 30, (3, 7), generator=generator),
        "keep": torch.arange(7)[None] < torch.tensor([7, 3, 5])[:, None],
        "segments": torch.randint(0, 2, (3, 7), generator=generator),
    }


def model(config: TextModelConfig = TINY) -> MaskedLanguageModel:
    torch.manual_seed(0)
    return MaskedLanguageModel(config, vocab_size=30).eval()


def test_logits_are_those_of_the_masked_positions_in_their_order():
    masked = torch.tensor([15, 2, 0, 7])
    whole = model()(Batch(batch() | {"masked": torch.arange(21)}))
    torch.testing.assert_close(model()(Batch(batch() | {"masked": masked})), whole[masked], atol=1e-6, rtol=0)


def test_no_masked_position():
    logits = model()(Batch(batch() | {"masked": torch.zeros(0, dtype=torch.int64)}))
    assert logits.shape == (0, 30)
    assert F.cross_entropy(logits, torch.zeros(0, dtype=torch.int64), reduction="sum") == 0


def test_the_word_table_is_tied():
    mine = model()
    assert [name for name, weight in mine.named_parameters() if weight.shape == (30, 16)] == ["embedding.words.weight"]
    names = {name for name in mine.state_dict() if name.startswith("head.")}
    assert names == {"head.dense.weight", "head.dense.bias", "head.norm.weight", "head.norm.bias", "head.bias"}
    logits = mine(Batch({"ids": torch.full((1, 4), 7), "masked": torch.tensor([0])}))
    logits[0, 20].backward()
    assert mine.embedding.words.weight.grad[20].abs().sum() > 0  # as output, for 20 is no input


@pytest.mark.parametrize(("activation", "other"), [("relu", F.gelu), ("gelu", F.relu), ("swiglu", F.relu)])
def test_the_head_has_the_activation_of_the_encoder(activation, other):
    config = TextModelConfig(encoder=TransformerConfig(width=16, num_layers=1, num_heads=2, activation=activation))
    mine, x_MD = model(config), torch.randn(4, 16)
    got = mine.head(x_MD, mine.embedding.words.weight)
    mine.head.activation = F.relu if activation == "relu" else F.gelu
    assert torch.equal(mine.head(x_MD, mine.embedding.words.weight), got)
    mine.head.activation = other
    assert not torch.allclose(mine.head(x_MD, mine.embedding.words.weight), got)


def test_weights_move_by_name_to_a_classifier():
    mine = model()
    classifier = TextModel(TINY, vocab_size=30, num_classes=2).eval()
    shared = {name: weight for name, weight in mine.state_dict().items() if not name.startswith("head.")}
    report = classifier.load_state_dict(shared, strict=False)
    assert (set(report.missing_keys), report.unexpected_keys) == ({"head.weight", "head.bias"}, [])
    assert torch.equal(classifier.encode(Batch(batch())), mine.encode(Batch(batch())))


def test_the_names_of_a_classifiers_weights_stay():
    config = TextModelConfig(encoder=TransformerConfig(num_layers=1), pooler="tanh")
    layer = "encoder.layers.0"
    both = [
        "embedding.norm", f"{layer}.attention.qkv", f"{layer}.attention.out", f"{layer}.attention_residual.norm",
        f"{layer}.feedforward.up", f"{layer}.feedforward.down", f"{layer}.feedforward_residual.norm", "encoder.norm",
        "pooler", "head",
    ]  # fmt: skip
    tables = {"embedding.words.weight", "embedding.positions.table.weight", "embedding.segments.weight"}
    assert set(TextModel(config, 9, 2).state_dict()) == tables | {
        f"{name}.{part}" for name in both for part in ("weight", "bias")
    }


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("first", [0, 2])
def test_named_positions(rotary, first):
    config = TextModelConfig(
        encoder=TransformerConfig(width=16, num_layers=1, num_heads=2, rotary=rotary),
        max_length=12,
        first_position=first,
    )
    torch.manual_seed(0)
    mine = TextEncoder(config, 30).eval()
    plain, positions = batch(), torch.arange(7).expand(3, 7)
    assert torch.equal(mine.encode(Batch(plain | {"positions": positions})), mine.encode(Batch(plain)))
    assert not torch.allclose(mine.encode(Batch(plain | {"positions": positions.flip(1)})), mine.encode(Batch(plain)))


def test_the_longest_row_does_not_count_the_rows_before_the_first_position():
    config = TextModelConfig(encoder=TransformerConfig(width=16, num_heads=2), max_length=12, first_position=2)
    mine = TextEncoder(config, 30).eval()
    assert mine.embedding.positions.table.weight.shape == (14, 16)
    assert mine.encode(Batch({"ids": torch.zeros(1, 12, dtype=torch.int64)})).shape == (1, 12, 16)
    with pytest.raises(DataError) as caught:
        mine.encode(Batch({"ids": torch.zeros(1, 13, dtype=torch.int64)}))
    assert str(caught.value) == "a sequence of 13 tokens is longer than max_length (12); cut it or raise max_length"


@pytest.mark.parametrize(("pooler", "activation"), [("tanh", torch.tanh), ("relu", torch.relu)])
def test_poolers(pooler, activation):
    torch.manual_seed(0)
    mine = TextModel(TextModelConfig(encoder=TINY.encoder, pooling="first", pooler=pooler), 30, 2).eval()
    pooled_BD = activation(mine.pooler(mine.encode(Batch(batch()))[:, 0]))
    torch.testing.assert_close(mine(Batch(batch())), mine.head(pooled_BD), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooler": "tan"}, "unknown pooler 'tan'; did you mean 'tanh'?"),
        ({"first_position": -1}, "first_position (-1) must be 0 or more"),
        ({"max_length": 0}, "max_length (0) must be 1 or more"),
        ({"segments": -1}, "segments (-1) must be 0 (none) or more"),
    ],
)
def test_settings(settings, message):
    with pytest.raises(ConfigError) as caught:
        TextModelConfig(**settings)
    assert str(caught.value) == message


def test_it_learns():
    torch.manual_seed(0)
    mine = MaskedLanguageModel(TextModelConfig(encoder=TINY.encoder, max_length=12, dropout=0.0), 30)
    ids = torch.arange(8).repeat(4, 1) + torch.arange(4)[:, None]  # each word tells the next
    masked = torch.tensor([3, 12, 20, 26])
    hidden = ids.flatten().clone()
    hidden[masked] = 29
    example = Batch({"ids": hidden.view(4, 8), "masked": masked})
    optimizer = torch.optim.Adam(mine.parameters(), lr=0.01)
    for _ in range(40):
        optimizer.zero_grad()
        F.cross_entropy(mine(example), ids.flatten()[masked]).backward()
        optimizer.step()
    assert (mine.eval()(example).argmax(1) == ids.flatten()[masked]).all()
