"""Dimensions: written and read back, around a default, and as a configuration in TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.config import from_dict, to_dict
from fourfold.core.domains import domains
from fourfold.core.errors import ConfigError
from fourfold.core.tuning import Choice, IntRange, LogUniform, Uniform
from fourfold.core.tuning.parse import parse_dimension, read_searches, with_searches
from fourfold.core.tuning.space import fit_space, nested
from fourfold.core.tuning.toml import to_toml


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = 0.5
    count: int = 4
    heads: int = 2
    kind: str = "a"
    on: bool = True
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.count % self.heads:
            raise ConfigError(f"count ({self.count}) must be divisible by heads ({self.heads})")


@dataclass(frozen=True, kw_only=True)
class Config:
    seed: int = 0
    inner: Inner = field(default_factory=Inner)


CONFIG = Config()
numbers = st.floats(1e-9, 1e9)


@given(st.tuples(numbers, numbers).map(sorted), st.booleans())
def test_a_written_range_is_read_back(ends: list[float], log: bool) -> None:
    dimension = (LogUniform if log else Uniform)(*ends)
    assert parse_dimension(str(dimension), "inner.rate", CONFIG) == dimension


@given(st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)).map(sorted))
def test_a_written_range_of_whole_numbers_is_read_back(ends: list[int]) -> None:
    assert parse_dimension(str(IntRange(*ends)), "seed", CONFIG) == IntRange(*ends)


@given(st.lists(numbers, min_size=1, max_size=6, unique=True))
def test_written_options_are_read_back(options: list[float]) -> None:
    assert parse_dimension(str(Choice(tuple(options))), "inner.rate", CONFIG) == Choice(tuple(options))


@given(st.tuples(numbers, numbers).map(sorted), numbers, st.floats(1.1, 10), st.booleans(), st.integers(0, 99))
def test_the_default_and_what_is_drawn_lie_in_the_range(
    ends: list[float], default: float, near: float, log: bool, seed: int
) -> None:
    around = (LogUniform if log else Uniform)(*ends, near=near).around("x", {"x": default})
    assert around.low <= default <= around.high
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    drawn = around.suggest(study.ask(), "x")
    assert isinstance(drawn, float) and around.low <= drawn <= around.high


@given(st.lists(st.integers(1, 512), min_size=1, max_size=8, unique=True), st.integers(1, 512), st.floats(1, 8))
def test_options_stay_near_the_default_and_hold_it(options: list[int], default: int, near: float) -> None:
    around = Choice(tuple(options), near=near).around("x", {"x": default})
    assert default in around.options and list(around.options) == sorted(around.options)
    assert all(default / near <= option <= default * near for option in around.options)  # type: ignore[operator]


def test_settings_that_go_along_keep_a_configuration_valid() -> None:
    choice = Choice((3, 6), also={"inner.heads": (3, 2)})
    fitted = fit_space({"inner.count": choice}, CONFIG)["inner.count"]
    assert isinstance(fitted, Choice)
    assert fitted.options == (3, 4, 6) and fitted.also == {"inner.heads": (3, 2, 2)}
    assert fitted.settings("inner.count", 4) == {"inner.count": 4, "inner.heads": 2}


def test_a_setting_searched_by_itself_goes_along_no_longer() -> None:
    space = {"inner.count": Choice((4, 8), also={"inner.heads": (4, 8)}), "inner.heads": Choice((1, 2))}
    assert fit_space(space, CONFIG)["inner.count"].settings("inner.count", 8) == {"inner.count": 8}


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("inner.rat", "1..2", "config inner: unknown setting 'rat'; did you mean 'rate'?"),
        ("inner", "1..2", "inner: a section, not a value; set one of its keys, such as inner.rate"),
        ("inner.rate", "a..b", "inner.rate: 'a' is not a number"),
        ("inner.rate", "2..1", "range (2.0..1.0) must go from a smaller to a larger number"),
        ("inner.rate", "0..1:log", "range (0.0..1.0:log) must go from a smaller to a larger number, above 0"),
        ("inner.rate", "1..2:ln", "no scale 'ln'; write :log, or nothing for a uniform range"),
        ("inner.count", "2..8:log", "whole numbers have no :log; leave it out, or list the options"),
        ("inner.kind", "a..c", "a range needs numbers; list the options instead, such as a,b,c"),
        ("inner.on", "true,true", "choice (true,true) must be one option or more, each once"),
    ],
)
def test_a_wrong_search_is_named(name: str, written: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_dimension(written, name, CONFIG)
    assert str(error.value) == f"search {name}={written}: {message}"


def test_what_the_configuration_cannot_take_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        fit_space({"inner.count": Choice((4, 7))}, CONFIG)
    assert str(error.value) == "search inner.count=4,7: count (7) must be divisible by heads (2)"
    with pytest.raises(ConfigError) as error:
        fit_space({}, CONFIG)
    assert str(error.value) == (
        "tune: there is nothing to search; name a setting, such as --search model.dropout=0.1,0.3"
    )


def test_a_log_range_around_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^search inner.rate=0.1..1.0:log: range \(0.0..1.0:log\) must go"):
        fit_space({"inner.rate": LogUniform(0.1, 1.0)}, Config(inner=Inner(rate=0.0)))


def test_searches_add_replace_and_take_away(tmp_path) -> None:
    (tmp_path / "space.toml").write_text('seed = "off"\n[inner]\nkind = ["a", "b"]\nrate = "0.1..0.2"\n')
    space = {"seed": IntRange(0, 9), "inner.rate": Uniform(0.0, 1.0), "inner.count": Choice((2, 4))}
    merged = with_searches(space, read_searches(tmp_path / "space.toml"), CONFIG)
    assert merged == {
        "inner.rate": Uniform(0.1, 0.2), "inner.count": Choice((2, 4)), "inner.kind": Choice(("a", "b")),
    }  # fmt: skip
    (tmp_path / "space.toml").write_text("seed = 3\n")
    with pytest.raises(ConfigError) as error:
        read_searches(tmp_path / "space.toml")
    assert str(error.value) == (
        f"{tmp_path}/space.toml: seed is neither a range, such as '0.1..0.5', nor a list of options"
    )


@pytest.mark.parametrize("preset", ["tiny", "small", "base"])
@pytest.mark.parametrize("name", ["nlp", "vision", "recsys", "speech"])
def test_the_space_of_a_domain_fits_its_presets(name: str, preset: str) -> None:
    kind = domains()[name].load_pipeline()
    fitted = fit_space(kind.space, kind.presets[preset]())
    assert fitted.keys() == kind.space.keys()


@given(st.text(), st.floats(allow_nan=False), st.integers(), st.booleans(), st.none() | st.integers())
def test_toml_keeps_every_setting(kind: str, rate: float, seed: int, on: bool, limit: int | None) -> None:
    config = Config(seed=seed, inner=Inner(kind=kind, rate=rate, on=on, limit=limit))
    text = to_toml(to_dict(config))
    assert from_dict(Config, tomllib.loads(text)) == config


def test_nested_is_the_inverse_of_flatten() -> None:
    assert nested({"a": 1, "b.c": 2, "b.d.e": 3}) == {"a": 1, "b": {"c": 2, "d": {"e": 3}}}
