"""Settings: every name and type is checked, and the message names the nearest right one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.config import flatten, from_dict, override, parse_assignments, read_toml, to_dict
from fourfold.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Inner:
    width: int = 8
    rate: float = 0.5
    shape: tuple[int, ...] = (1, 2)


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str = "x"
    on: bool = False
    kind: Literal["a", "b"] = "a"
    budget: str | None = None
    count: int | None = 3
    inner: Inner = field(default_factory=Inner)


@dataclass(frozen=True, kw_only=True)
class Maybe:
    inner: Inner | None = None


@dataclass(frozen=True, kw_only=True)
class Needs:
    width: int
    inner: Inner = field(default_factory=Inner)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
INNERS = st.builds(Inner, width=st.integers(), rate=NUMBERS, shape=st.lists(st.integers(), max_size=3).map(tuple))
OUTERS = st.builds(
    Outer,
    name=st.text(),
    on=st.booleans(),
    kind=st.sampled_from(["a", "b"]),
    budget=st.none() | st.text().filter(lambda text: text not in ("none", "null")),
    count=st.none() | st.integers(),
    inner=INNERS,
)


@settings(max_examples=50)
@given(OUTERS, OUTERS)
def test_a_configuration_goes_through_json_and_onto_another(config: Outer, other: Outer) -> None:
    values = json.loads(json.dumps(to_dict(config)))
    assert from_dict(Outer, values) == config
    assert override(other, values) == config and override(other, {}) == other


@settings(max_examples=50)
@given(INNERS)
def test_a_configuration_goes_through_the_command_line(config: Inner) -> None:
    values = to_dict(config)
    if not config.shape:
        values.pop("shape")
    shape = ",".join(map(str, config.shape))
    words = [f"inner.{name}={shape if name == 'shape' else value}" for name, value in values.items()]
    assert override(Outer(), parse_assignments(words)).inner == Inner(**values)


MEANT: list[tuple[str, Any, Any]] = [
    *(("on", word, True) for word in ("yes", "1", "TRUE", 1, True)),
    *(("on", word, False) for word in ("No", "0", "false", 0, False)),
    *(("budget", word, None) for word in ("none", "null", None)),
    *(("budget", "10m", "10m"), ("count", "none", None), ("count", "4", 4), ("count", 4.0, 4)),
    *(("name", 7, "7"), ("name", "none", "none"), ("kind", "b", "b")),
]


@pytest.mark.parametrize(("name", "value", "meant"), MEANT)
def test_values_become_the_type_of_the_setting(name: str, value: Any, meant: Any) -> None:
    got = getattr(override(Outer(), {name: value}), name)
    assert got == meant and type(got) is type(meant)


def test_what_is_not_given_stays() -> None:
    config = Outer(name="y", inner=Inner(width=3, rate=0.25))
    assert override(config, {"inner": {"rate": 1}}) == Outer(name="y", inner=Inner(width=3, rate=1.0))
    assert from_dict(Needs, {"width": 2, "inner": {"rate": 1}}) == Needs(width=2, inner=Inner(rate=1.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nme": 1}, "config: unknown setting 'nme'; did you mean 'name'?"),
        ({"zzz": 1}, "config: unknown setting 'zzz'; there is: name, on, kind, budget, count, inner"),
        ({"inner": {"widht": 1}}, "config inner: unknown setting 'widht'; did you mean 'width'?"),
        ({"inner": 3}, "inner: a section, not a value; set one of its keys, such as inner.width"),
        ({"inner": {"width": "wide"}}, "inner.width: 'wide' is not a whole number"),
        ({"inner": {"width": 2.5}}, "inner.width: '2.5' is not a whole number"),
        ({"inner": {"width": "2.5"}}, "inner.width: '2.5' is not a whole number"),
        ({"inner": {"width": float("inf")}}, "inner.width: 'inf' is not a whole number"),
        ({"inner": {"width": float("nan")}}, "inner.width: 'nan' is not a whole number"),
        ({"inner": {"width": True}}, "inner.width: 'True' is not a whole number"),
        ({"inner": {"rate": "fast"}}, "inner.rate: 'fast' is not a number"),
        ({"inner": {"rate": "nan"}}, "inner.rate: 'nan' is not a number"),
        ({"inner": {"rate": [1]}}, "inner.rate: '[1]' is not a number"),
        ({"inner": {"rate": None}}, "inner.rate: 'None' is not a number"),
        ({"inner": {"shape": "1,x"}}, "inner.shape: 'x' is not a whole number"),
        ({"on": "maybe"}, "on: 'maybe' is not true or false"),
        ({"on": 2}, "on: '2' is not true or false"),
        ({"kind": "c"}, "kind: 'c' is not one of a, b"),
        ({"name": True}, "name: 'True' is not text"),
        ({"count": "many"}, "count: 'many' is not a whole number"),
    ],
)
def test_a_wrong_setting_is_named(values: dict[str, Any], message: str) -> None:
    for build in (lambda: override(Outer(), values), lambda: from_dict(Outer, values)):
        with pytest.raises(ConfigError) as error:
            build()
        assert str(error.value) == message


def test_a_section_has_its_own_name_in_messages() -> None:
    with pytest.raises(ConfigError) as error:
        override(Inner(), {"wdth": 1}, "model.encoder")
    assert str(error.value) == "config model.encoder: unknown setting 'wdth'; did you mean 'width'?"
    with pytest.raises(ConfigError) as error:
        from_dict(Inner, {"width": "x"}, "model.encoder")
    assert str(error.value) == "model.encoder.width: 'x' is not a whole number"


def test_assignments_nest() -> None:
    words = ["a.b.c=1", " a.b.d = x = y ", "e=", "a.b.c=2"]
    assert parse_assignments(words) == {"a": {"b": {"c": "2", "d": "x = y"}}, "e": ""}


@pytest.mark.parametrize("word", ["train.epochs", "=3", " =3", ""])
def test_an_assignment_needs_a_name_and_a_value(word: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_assignments(["seed=1", word])
    assert str(error.value) == f"--set {word}: write it as section.key=value, such as train.epochs=5"


def test_an_assignment_below_a_value() -> None:
    with pytest.raises(ConfigError) as error:
        parse_assignments(["a.train=1", "a.train.epochs=5"])
    assert str(error.value) == "--set a.train.epochs=5: 'train' has a value already; it is a setting or a section"


def test_flat_names() -> None:
    assert flatten(to_dict(Outer())) == {
        "name": "x", "on": False, "kind": "a", "budget": None, "count": 3,
        "inner.width": 8, "inner.rate": 0.5, "inner.shape": (1, 2),
    }  # fmt: skip


def test_toml(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('name = "Ω"\n[inner]\nrate = 1\nshape = [4, 5]\n', encoding="utf-8")
    assert override(Outer(), read_toml(path)) == Outer(name="Ω", inner=Inner(rate=1.0, shape=(4, 5)))
    path.write_text("name = \n")
    with pytest.raises(ConfigError) as error:
        read_toml(path)
    assert str(error.value) == f"{path}: not TOML (Invalid value (at line 1, column 8))"
    path.write_bytes(b'name = "\xff"\n')
    with pytest.raises(ConfigError, match=r"c\.toml: not TOML \('utf-8' codec can't decode byte 0xff"):
        read_toml(path)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_missing_file_of_settings(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_toml(tmp_path / name)
    assert str(error.value) == f"{tmp_path / name}: no such file; check the path"


def test_a_section_that_may_be_absent() -> None:
    for config in (Maybe(), Maybe(inner=Inner(width=3))):
        assert from_dict(Maybe, json.loads(json.dumps(to_dict(config)))) == config
    assert override(Maybe(), {"inner": {"width": "5"}}) == Maybe(inner=Inner(width=5))
    assert override(Maybe(inner=Inner(rate=2.0)), {"inner": {"width": 5}}) == Maybe(inner=Inner(width=5, rate=2.0))
    assert override(Maybe(inner=Inner()), {"inner": "none"}) == Maybe()
    with pytest.raises(ConfigError, match=r"^inner: a section, not a value; set one of its keys, such as inner.width$"):
        override(Maybe(), {"inner": 3})
    with pytest.raises(ConfigError, match=r"^config inner: unknown setting 'widht'; did you mean 'width'\?$"):
        override(Maybe(), {"inner": {"widht": 3}})
