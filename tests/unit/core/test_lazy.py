"""Late imports, the installed domains, the tree of errors and what a run's facts say."""

from __future__ import annotations

import pytest
from torch import nn

from fourfold.core import errors
from fourfold.core.domains import domain, domains
from fourfold.core.errors import ConfigError, FourfoldError, did_you_mean
from fourfold.core.facts import core_share, describe_facts, training_facts
from fourfold.core.lazy import late
from fourfold.core.nn import Encoder, TransformerConfig
from fourfold.core.training import Outcome, State
from fourfold.core.training.settle import Settled

PLACES = {"Plan": ".training.sampling", "did_you_mean": ".errors"}


def test_a_late_name_is_the_one_of_its_module() -> None:
    assert late("fourfold.core", "did_you_mean", PLACES) is did_you_mean


@pytest.mark.parametrize(
    ("name", "hint"), [("plan", "; did you mean 'Plan'?"), ("zzz", "; there is: Plan, did_you_mean")]
)
def test_an_unknown_late_name(name: str, hint: str) -> None:
    with pytest.raises(AttributeError) as error:
        late("fourfold.core", name, PLACES)
    assert str(error.value) == f"module 'fourfold.core' has no attribute '{name}'{hint}"


def test_suggestions() -> None:
    assert did_you_mean("x", []) == ""
    many = [f"option{k:02d}" for k in range(25)]
    assert did_you_mean("zzz", many) == "; there is: " + ", ".join(many[:20]) + ", …"
    assert did_you_mean("zzz", many[:20]) == "; there is: " + ", ".join(many[:20])


def test_fourfolds_own_domains_come_first() -> None:
    found = domains()
    assert list(found)[:4] == ["nlp", "vision", "recsys", "speech"]
    assert all(card.name == name and domain(name) == card for name, card in found.items())


def test_an_unknown_domain() -> None:
    with pytest.raises(ConfigError) as error:
        domain("vison")
    assert str(error.value) == "no domain 'vison'; did you mean 'vision'?"


def test_each_error_is_caught_as_what_it_is() -> None:
    kinds = [value for value in vars(errors.kinds).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert (
        len(kinds) == 6
        and len({kind.code for kind in kinds}) == 6
        and all(issubclass(kind, FourfoldError) for kind in kinds)
    )
    assert {kind.__name__: kind.exit_code for kind in kinds} == {
        "FourfoldError": 1, "TrainingError": 1, "ConfigError": 2, "DataError": 2, "ArtifactError": 2,
        "NotFittedError": 2,
    }  # fmt: skip
    assert issubclass(errors.NotFittedError, AttributeError) and issubclass(errors.DataError, ValueError)


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(1000, 8)
        self.encoder = Encoder(TransformerConfig(width=8, num_layers=1, num_heads=2))
        self.head = nn.Linear(8, 3)


def test_the_share_of_the_core_leaves_embeddings_out() -> None:
    model = Mixed()
    core = sum(p.numel() for p in model.encoder.parameters())
    assert core_share(model) == pytest.approx(core / (core + 27))
    assert core_share(nn.Linear(2, 2)) == 0 and core_share(model.encoder) == 1 and core_share(nn.Embedding(3, 2)) == 0


def test_shared_weights_count_once() -> None:
    model = Mixed()
    model.again = model.head
    core = sum(p.numel() for p in model.encoder.parameters())
    assert core_share(model) == pytest.approx(core / (core + 27))


def test_facts_in_numbers_and_words() -> None:
    state = State(step=1200, skipped=2, seconds=3.14159)
    facts = training_facts(
        Outcome(state, Settled("float32", 2, 1, 1200), {}, rows_per_second=12345.67), nn.Linear(99, 100)
    )
    assert facts == {
        "steps": 1200, "train_seconds": 3.14, "rows_per_second": 12345.7, "precision": "float32", "threads": 2,
        "skipped_steps": 2, "recoveries": 0, "parameters": 10_000, "core_share": 0,
    }  # fmt: skip
    assert describe_facts(facts | {"train_rows": 5000, "unknown": 1}) == {
        "training rows": "5,000", "training time": "3.1 s", "training speed": "12,346 rows/s", "steps": "1,200",
        "skipped steps": "2", "parameters": "10,000", "share of them in the core, embeddings aside": "0%",
        "precision of training": "float32", "threads": "2",
    }  # fmt: skip
