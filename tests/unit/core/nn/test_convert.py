"""State dicts under other names."""

import pytest
import torch

from fourfold.core.errors import ArtifactError
from fourfold.core.nn import convert, export

TABLE = {"layers.*.kv": ("block.*.k", "block.*.v"), "token": ("tok",), "head": ("fc",)}


def theirs() -> dict[str, torch.Tensor]:
    return {
        "block.0.k": torch.ones(1, 3),
        "block.0.v": torch.zeros(1, 3),
        "tok": torch.arange(3.0)[None, None],
        "fc": torch.ones(2, 3),
    }


def target() -> dict[str, torch.Tensor]:
    return {"layers.0.kv": torch.full((2, 3), 9.0), "token": torch.zeros(3), "head": torch.zeros(2, 3)}


def test_there_and_back():
    ours = convert(theirs(), TABLE, target())
    assert ours["layers.0.kv"].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert ours["token"].tolist() == [0, 1, 2]
    back = export(ours, TABLE, {"tok": (1, 1, 3)})
    assert back.keys() == theirs().keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in theirs().items())


def test_fresh_names_keep_the_targets_values():
    state = theirs()
    del state["fc"]
    assert convert(state, TABLE, target(), fresh=("head",))["head"].eq(0).all()


def test_types_follow_the_target():
    state = {name: tensor.half() for name, tensor in theirs().items()}
    assert convert(state, TABLE, target())["head"].dtype == torch.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"tok": None},
            "file: missing weights: 'tok'; is this the kind of model that the configuration describes?",
        ),
        (
            {name: torch.ones(1) for name in "abcde"},
            "file: unexpected weights: 'a', 'b', 'c' and 2 more; is this the kind of model that the "
            "configuration describes?",
        ),
        (
            {"fc": torch.ones(3, 2)},
            "file: weight 'fc' has the shape (3, 2), the configuration asks for (2, 3); give the "
            "configuration that it was trained with",
        ),
    ],
)
def test_errors(change, message):
    state = {name: tensor for name, tensor in (theirs() | change).items() if tensor is not None}
    with pytest.raises(ArtifactError) as caught:
        convert(state, TABLE, target(), source="file")
    assert str(caught.value) == message
