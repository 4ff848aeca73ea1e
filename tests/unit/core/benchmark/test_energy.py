"""Energy is read of the processor's packages alone, and what is not read is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from fourfold.core.benchmark import energy


def zone(root: Path, number: str, name: str, joules: float) -> Path:
    folder = root / f"intel-rapl:{number}"
    folder.mkdir()
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(str(round(joules * 1e6)))
    (folder / "max_energy_range_uj").write_text(str(100 * 10**6))
    return folder / "energy_uj"


def test_only_packages_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform's zone and a package's parts hold the same energy again; a counter begins again at its range."""
    monkeypatch.setattr(energy, "_RAPL", tmp_path)
    monkeypatch.setattr(energy, "_boards", lambda: [])
    names = {"0": "package-0", "0:0": "core", "1": "psys", "10": "package-1"}
    files = {number: zone(tmp_path, number, name, 90) for number, name in names.items()}
    with energy.measured() as found:
        for number in ("0", "0:0", "1"):
            files[number].write_text(str(95 * 10**6))
        files["10"].write_text(str(2 * 10**6))
    assert found.joules == pytest.approx(5 + 12) and found.source == "RAPL, whole packages"


def test_what_cannot_be_read_is_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "_RAPL", tmp_path)
    monkeypatch.setattr(energy, "_boards", lambda: [])
    zone(tmp_path, "1", "psys", 90)
    with energy.measured() as found:
        pass
    assert found.joules >= 0 and found.source == energy.ESTIMATED
