"""What the commands do: call the Python API and print. Imported when a command runs."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .config import override, parse_assignments, read_toml
from .domains import Domain, domains
from .errors import TooFewRows, Unsupported, WrongUsage
from .report import Evaluation, listing, plain_json, shown
from .rows import write_rows
from .tables import local

if TYPE_CHECKING:
    from .benchmark.command import Wanted
    from .tuning import Search

Columns = tuple[str | None, str | None]


@dataclass(frozen=True)
class Settings:
    """What the options of `train` say of the model."""

    preset: str | None
    init: str | None
    budget: str | None
    seed: int | None
    device: str
    config: Path | None
    assignments: tuple[str, ...]
    teacher: Path | None = None

    def build(self, domain: Domain) -> Any:
        """Return the pipeline that they describe: preset, pretrained model, the TOML file, then single settings."""
        kind = domain.load_pipeline()
        config = kind(self.preset, init=self.init).resolve()
        for values in (read_toml(self.config) if self.config else {}, parse_assignments(self.assignments)):
            config = override(config, values)
        main = os.environ.get("RANK", "0") == "0"
        return kind(
            self.preset, init=self.init, teacher=self.teacher, seed=self.seed, device=self.device, budget=self.budget,
            config=config, verbose=main,
        )  # fmt: skip


@dataclass(frozen=True)
class Files:
    """The data of `train`, and what is held out of it."""

    data: str
    input: str | None
    label: str | None
    valid: str | None
    test: str | None


@dataclass(frozen=True)
class Searches:
    """What the options of `tune` say of the search."""

    budget: str | None
    trials: int | None
    space: Path | None
    assignments: tuple[str, ...]
    resume: bool

    def build(self) -> Search:
        """Return the search that they describe: the domain's space, then the TOML file, then single settings."""
        from .tuning import Search
        from .tuning.parse import parse_searches, read_searches

        file = read_searches(self.space) if self.space else {}
        return Search(trials=self.trials, space=file | parse_searches(self.assignments), resume=self.resume)


def train(
    domain: Domain,
    settings: Settings,
    files: Files,
    out: Path | None,
    *,
    resume: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Train, save, and say what to ship."""
    pipeline = settings.build(domain)
    resume = _goes_on("train", out, resume=resume, force=force)
    out = out or next_run(domain.name)
    data, valid, test = _divided(pipeline, files)
    pipeline.fit(data, input=files.input, label=files.label, valid=valid, out=out, resume=resume, force=force)
    if not pipeline.verbose:
        return  # another rank speaks
    evaluation = pipeline.evaluation_
    if test is not None:
        evaluation = pipeline.evaluate(test, input=files.input, label=files.label)
        for name in ("test.json", "test.html"):
            evaluation.save(out / name)
    if as_json:
        measured = _as_object(evaluation) if evaluation else {}
        print(plain_json({"run": str(out)} | measured | {"facts": pipeline.facts_}))
    else:
        _say_evaluation(evaluation, "held-out rows" if test is None else "test rows")
        pages = [str(out / name) for name in ("report.html", "test.html") if (out / name).exists()]
        say(f"saved to {out}" + (f"; look at {' and '.join(pages)}" if pages else ""))


def _goes_on(command: str, out: Path | None, *, resume: bool, force: bool) -> bool:
    """Say whether a run is to be resumed: where that is asked for, and where torchrun starts its processes again."""
    if resume and out is None:
        raise WrongUsage(f"{command}: --resume needs --out RUN, the folder of the run to go on with")
    restarts = int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0"))
    if restarts and (out is None or force):
        raise WrongUsage(
            f"{command}: torchrun --max-restarts needs --out RUN, the folder to go on with, and no --force, which "
            "would begin again at each restart"
        )
    return resume or os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def pretrain_setting(domain: Domain) -> tuple[str, ...]:
    """Return the setting that `--pretrain` stands for; ConfigError where a domain has none."""
    if domain.pretrain is None:
        raise Unsupported(f"--pretrain: {domain.name} does not learn from inputs alone; leave it out")
    return (domain.pretrain,)


def backbone_setting(domain: Domain, backbone: str | None) -> tuple[str, ...]:
    """Return the setting that `--backbone` stands for; ConfigError where a domain has none."""
    if backbone is None:
        return ()
    if not domain.backbones:
        raise Unsupported(f"--backbone: {domain.name} has one model, the core's; leave it out")
    return (f"backbone={backbone}",)


def pretrain(domain: Domain, settings: Settings, files: Files, out: Path | None, *, resume: bool, force: bool) -> None:
    """Learn from the inputs alone, and save what `train --init` begins with."""
    pipeline = settings.build(domain)
    resume = _goes_on("pretrain", out, resume=resume, force=force)
    out = out or next_run(f"{domain.name}-pretrained")
    pipeline.pretrain(files.data, input=files.input, out=out, resume=resume, force=force)
    if pipeline.verbose:
        say(f"saved to {out}; go on with fourfold {domain.name} train DATA --init {out}")


def tune(
    domain: Domain,
    settings: Settings,
    files: Files,
    out: Path | None,
    searches: Searches,
    *,
    as_json: bool,
) -> None:
    """Search settings; say which were best, what mattered, and how to train with them."""
    from .tuning.text import summary

    pipeline = settings.build(domain)
    if searches.resume and out is None:
        raise WrongUsage("tune: --resume needs --out STUDY, the folder of the study to go on with")
    search, out = searches.build(), out or next_run(f"{domain.name}-tune")
    columns = {"input": files.input, "label": files.label}
    found = pipeline.tune(files.data, **columns, valid=files.valid, out=out, budget=searches.budget, search=search)
    given = {"--valid": files.valid, "--input": files.input, "--label": files.label}
    given |= {"--init": settings.init}
    options = [word for name, value in given.items() if value is not None for word in (name, value)]
    command = found.command(files.data, *options)
    print(plain_json(found.to_dict() | {"command": command}) if as_json else f"{summary(found)}\n{command}")
    say(f"study in {out}; look at {out / 'tune.html'}")


@dataclass(frozen=True)
class Trained:
    """The saved model that a command names: where it computes, how precisely, and what changes how it answers."""

    run: Path
    device: str
    precision: str
    settings: tuple[str, ...] = ()

    def load(self, domain: Domain) -> Any:
        """Return it; ConfigError for settings where a domain has none."""
        if self.settings and domain.answering is None:
            raise Unsupported(f"--set: what a trained model of {domain.name} answers has no settings; leave it out")
        model = domain.load_pipeline().load(self.run, device=self.device, precision=self.precision)
        return model.answer_with(parse_assignments(self.settings)) if self.settings else model


def evaluate(
    domain: Domain,
    trained: Trained,
    data: str,
    columns: Columns,
    report: Path | None,
    *,
    as_json: bool,
) -> None:
    """Measure a saved model."""
    model = trained.load(domain)
    evaluation = model.evaluate(data, input=columns[0], label=columns[1])
    if report:
        evaluation.save(report)
    if as_json:
        print(plain_json(_as_object(evaluation)))
    else:
        _say_evaluation(evaluation, "rows")


@dataclass(frozen=True)
class Asked:
    """What `predict` is asked: inputs or a file with its column, whether only the best rows, and within what."""

    inputs: list[str]
    file: str | None
    column: str | None
    top: int = 0
    by: str | None = None

    def check(self, domain: Domain) -> None:
        """Raise ConfigError where the options do not go together."""
        if bool(self.inputs) == (self.file is not None):
            raise WrongUsage("predict: give inputs or --file DATA, and not both")
        if self.by is not None and not self.top:
            raise WrongUsage("predict: --by says within what the best are chosen; say how many with --top")
        if self.top and not domain.ranks:
            raise Unsupported(f"predict: {domain.name} has no best rows to choose; leave --top out")


def predict(domain: Domain, trained: Trained, asked: Asked, out: Path | None, *, as_json: bool) -> None:
    """Predict with a saved model; write or print a row for each input, in order, or only the best."""
    asked.check(domain)
    model = trained.load(domain)
    data = model.read_inputs(asked.inputs) if asked.inputs else asked.file
    if asked.top:
        found = model.set_params(verbose=True).top(data, asked.top, by=asked.by)
        write_rows(iter(found), list(found[0]), out, as_json=as_json)
        return
    table = not as_json and not (out and out.suffix == ".jsonl")
    columns = model.columns | {"error": "error"} | ({} if table else model.details)
    rows = (
        {name: getattr(answer, field, None) for name, field in columns.items()}
        for answer in model.stream(data, input=asked.column)
    )
    write_rows(rows, list(columns), out, as_json=as_json)


def stream(domain: Domain, trained: Trained, asked: Asked, out: Path | None, *, as_json: bool) -> None:
    """Have a saved model hear one input as it comes, and print partial results."""
    hears = domain.load_stream()
    if len(asked.inputs) != 1 or any((asked.file, asked.column, asked.top, asked.by, out)):
        raise WrongUsage(
            "predict: --stream takes one input, - for standard input, and prints; give no --file, --input, --top, --by "
            "or --out"
        )
    if trained.precision != "float32":
        raise Unsupported("predict: --stream hears in float32; leave --precision out")
    hears(trained.load(domain), asked.inputs[0], as_json=as_json)


def check(domain: Domain, settings: Settings, data: str, columns: Columns, test: str | None, *, as_json: bool) -> None:
    """Read data and say what is in it."""
    pipeline = settings.build(domain)
    parts = pipeline.parts_of(local(data))
    found = pipeline.check(parts["train"], input=columns[0], label=columns[1], test=test or parts.get("test"))
    print(plain_json(found) if as_json else listing(found))


def bench(asked: Wanted, out: Path | None, *, resume: bool, force: bool, as_json: bool) -> None:
    """Run a benchmark into a folder and print what it came to."""
    from .benchmark.command import bench as run
    from .benchmark.command import finish, refuse_unknown
    from .benchmark.folder import Folder

    if resume and out is None:
        raise WrongUsage("bench: --resume needs --out FOLDER, the benchmark to go on with")
    refuse_unknown(asked)
    folder = Folder.open(out or next_run("bench"), resume=resume, force=force)
    finish(run(asked, folder, say), folder.path, as_json=as_json, say=say)


def compare(first: Path, second: Path, *, as_json: bool) -> None:
    """Print how one benchmark differs from another."""
    from .benchmark.command import compare_folders

    compare_folders(first, second, as_json=as_json)


def join(several: list[Path], out: Path) -> None:
    """Write several benchmarks as one."""
    from .benchmark.command import join_folders

    join_folders(several, out, say)


def tables(path: Path) -> None:
    """Print what a benchmark came to as Markdown, or write such tables into their places in a document."""
    from .benchmark.markdown import fill, table

    if path.suffix == ".md":
        fill(path)
    else:
        print(table(path))


def demo(out: Path) -> None:
    """Run the quick benchmark of all domains, show predictions that a person can check, and say where the page is."""
    from .benchmark.demo import run_demo

    run_demo(list(domains().values()), out, say)


def info(*, as_json: bool) -> None:
    """Print versions, devices and domains."""
    from .benchmark import manifest

    found = manifest() | {"domains": {name: card.summary for name, card in domains().items()}}
    print(plain_json(found) if as_json else json.dumps(found, indent=2))


def next_run(domain: str) -> Path:
    """Return the first free `runs/DOMAIN-N`."""
    number = 1
    while (path := Path("runs") / f"{domain}-{number}").exists():
        number += 1
    return path


def say(message: str) -> None:
    """Tell the person, on stderr."""
    print(message, file=sys.stderr, flush=True)


def _divided(pipeline: Any, files: Files) -> tuple[Any, Any, Any]:
    """Return what is trained on, validated on and tested on; a share is taken from the data."""
    parts = pipeline.parts_of(local(files.data))
    valid, where = files.valid or parts.get("valid"), files.test or parts.get("test")
    if where is None:
        return parts["train"], valid, None
    examples = pipeline.read_labelled(parts["train"], input=files.input, label=files.label)
    try:
        share = float(str(where))
    except ValueError:
        columns = {"input": files.input, "label": files.label} | examples.columns
        test = pipeline.read_labelled(where, **columns)
        return pipeline.inspect(examples, test), valid, test
    from .holdout import hold_out

    examples = replace(pipeline.inspect(examples), groups=pipeline.group(examples))
    train, test = hold_out(examples, share, pipeline.resolve().train.seed + 1, pipeline.strata(examples))
    if share and test is None:
        raise TooFewRows(f"{examples.name}: too few rows to hold any out; give --test a file")
    return train, valid, test


def _as_object(evaluation: Evaluation) -> dict[str, Any]:
    values = {name: found.value for name, found in evaluation.metrics.items()}
    whole = evaluation.to_dict()
    return values | {
        name: whole[name] for name in ("rows", "metrics", "baseline", "verdict", "tables", "mistakes", "facts")
    }


def _say_evaluation(evaluation: Evaluation | None, rows: str) -> None:
    if evaluation is None:
        return
    print(f"{evaluation.model} on {evaluation.rows:,} {rows} of {evaluation.data}:")
    width = max(10, *map(len, evaluation.metrics))
    for name, found in evaluation.metrics.items():
        print(f"  {name:<{width}} {shown(name, found.value)}  ({shown(name, found.low)} to {shown(name, found.high)})")
    print(evaluation.verdict())
