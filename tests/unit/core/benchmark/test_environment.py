"""A peer whose requirements conflict has an environment of its own; this one stays as it is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from fourfold.core.benchmark.environment import is_here, python_for
from fourfold.core.domains import domains
from fourfold.core.errors import ConfigError


def wheel(folder: Path, name: str, number: str, code: str) -> None:
    """Write the wheel of a package of one module, as a package index would give it."""
    facts = f"{name}-{number}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{number}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}/__init__.py", code)
        file.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")
        file.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{facts}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only ones that pip finds."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.mark.slow
def test_what_conflicts_is_installed_beside(index: Path) -> None:
    before, told = version("pytest"), list[str]()
    wheel(index, "pytest", "999.0", "where = 'of its own'")
    assert not is_here("pytest>=999")
    python = python_for(("pytest>=999", "numpy>=1"), told.append)
    asked = "import pytest, numpy, fourfold, sys; print(pytest.where, sys.prefix)"
    said = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"of its own {Path(python).parents[1]}", "its own first, this environment's behind"
    assert version("pytest") == before and python != sys.executable
    assert python_for(("pytest>=999", "numpy>=1"), told.append) == python and len(told) == 1, "it is made once"


@pytest.mark.slow
def test_what_cannot_be_had_says_so_and_leaves_nothing(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        python_for(("no-such-package>=1",), lambda _: None)
    assert str(raised.value) == (
        "peers: pip install no-such-package>=1 failed: No matching distribution found for no-such-package>=1"
    )
    assert not any((tmp_path / "cache" / "kept-peers").iterdir())


def test_what_is_here_takes_this_environment() -> None:
    assert python_for(("numpy>=2", "pytest"), lambda _: pytest.fail("nothing is made")) == sys.executable


def test_every_domain_has_peers_for_cases_that_it_has() -> None:
    for name in ("nlp", "vision", "recsys", "speech"):
        card = domains()[name]
        peers, cases = card.load_peers(), {case.name for case in card.load_cases()}
        assert peers and {peer.case for peer in peers} <= cases
        assert all(peer.command[:3] == (sys.executable, "-m", f"fourfold.{name}.peers") for peer in peers)
        assert len({peer.command for peer in peers}) == len(peers)
