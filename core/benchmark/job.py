"""One run to be made, as plain values that a process of its own is given."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..config import from_dict
from .ladder import Rung
from .row import Row


@dataclass(frozen=True, kw_only=True)
class Job:
    """A model of a domain on a case with a seed.

    `share` is the part of the training rows to learn from; `init` names what a pretrained rung begins with, `tune` the
    time to search settings in, `file` the TOML of a user's own case. `content` is a hash of the case's data, and of
    what `init` names where it is a folder, so that a job with other data is another. `tuned` is what the search came
    to, as JSON: `settings` by dotted name, and a `note` of how it went.
    """

    domain: str
    case: str
    rung: Rung
    seed: int
    share: float = 1.0
    init: str | None = None
    tune: str | None = None
    file: str | None = None
    content: str = ""
    tuned: str = ""

    @property
    def study(self) -> Job:
        """The job whose held-out rows settings are searched on, once for all seeds and shares."""
        return replace(self, seed=0, share=1.0, tuned="")

    @property
    def found(self) -> dict[str, Any]:
        """What the search came to, with its `settings` and its `note`; empty where there was none."""
        found: dict[str, Any] = json.loads(self.tuned) if self.tuned else {}
        return found

    def with_found(self, settings: dict[str, Any], note: str) -> Job:
        """Return the job with what a search came to: with other settings it is another job."""
        return replace(self, tuned=json.dumps({"settings": settings, "note": note}, sort_keys=True))

    @property
    def key(self) -> str:
        """A name for files: readable, and of its own for every job."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]
        words = f"{self.domain}-{self.case}-{self.rung.model}-{self.share * 100:g}-{self.seed}"
        return f"{re.sub('[^A-Za-z0-9.]+', '-', words)}-{digest}"

    @property
    def command(self) -> str:
        """The command that makes this run again."""
        words = ["fourfold", "bench", "--domain", self.domain, "--case", self.case]
        words += ["--model", self.rung.model] if self.rung.kind != "run" else []  # a run is the only rung of its case
        words += ["--seed", str(self.seed)]
        words += ["--share", f"{self.share:g}"] if self.share < 1 else []
        for option, value in (("--init", self.init), ("--tune", self.tune), ("--cases", self.file)):
            words += [option, value] if value else []
        return shlex.join(words)

    @property
    def head(self) -> Row:
        """What says in a row which run it is."""
        return {
            "domain": self.domain, "case": self.case, "model": self.rung.model, "label": self.rung.label,
            "kind": self.rung.kind, "seed": self.seed, "share": self.share, "init": self.init, "tune": self.tune,
            "command": self.command,
        }  # fmt: skip

    def to_json(self) -> str:
        """Return what `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read a job."""
        return from_dict(cls, json.loads(text))
