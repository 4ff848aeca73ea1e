"""What can be wrong with settings, options and the things that they name."""

from .kinds import ConfigError


class BadValue(ConfigError):
    """A setting has a value that it cannot have."""

    code = "config.value"
    cause = "The value is out of range, of another type, or none of those that the setting takes."
    fix = "Give a value as the message says it; the guides list the settings of each domain."


class UnknownSetting(ConfigError):
    """There is no setting of this name."""

    code = "config.unknown-setting"
    cause = "A name in `--set`, in a TOML file or in Python is misspelt, or belongs to another domain."
    fix = "Take the name that the message proposes."


class UnknownName(ConfigError):
    """There is nothing of this name to choose."""

    code = "config.unknown-name"
    cause = "A preset, model, metric, case, domain, field, language or voice is misspelt, or is not there."
    fix = "Take one of the names in the message; where it is yours, name it as your data do."


class SettingsConflict(ConfigError):
    """Two settings do not go together."""

    code = "config.conflict"
    cause = "Each is right by itself, but one asks for what the other rules out."
    fix = "Change either; the message says what would do."


class WrongUsage(ConfigError):
    """Options or arguments are incomplete, contradict each other or have another form."""

    code = "config.usage"
    cause = "An option needs another beside it, or excludes it; or `--set` was not written as `section.key=value`."
    fix = "Write the command as the message says; `--help` shows all options."


class Unsupported(ConfigError):
    """The domain or the model cannot do what is asked of it."""

    code = "config.unsupported"
    cause = "An option of one domain was given to another, or the trained model lacks the part that would answer."
    fix = "Leave it out, or train a model that can do it."


class BadSettingsFile(ConfigError):
    """A TOML file of settings or of cases cannot be used."""

    code = "config.file"
    cause = "The file is not there, is not TOML, or its tables have another form."
    fix = "Correct the path or the place in the file; docs/benchmark.md shows a file of cases."


class MissingPackage(ConfigError):
    """A library that only some users need is not installed, or could not be."""

    code = "config.package"
    cause = "What was asked needs an extra of the package, which a plain installation leaves out."
    fix = "Install the extra that the message names, into the environment that runs Fourfold."


class NoSuchDevice(ConfigError):
    """The device is unknown or not there."""

    code = "config.device"
    cause = "A GPU was asked for where torch sees none, or the name is misspelt."
    fix = "Write `auto`, or see with `fourfold info` what is there."


class CannotResume(ConfigError):
    """Work cannot go on, since settings or data are not those that it began with."""

    code = "config.resume"
    cause = "`--resume` was given with other settings, another version of the data or another seed."
    fix = "Give what the run began with, or another `--out` for the changed work."


class BadSearch(ConfigError):
    """What `tune` shall search cannot be searched."""

    code = "config.search"
    cause = "A range or a list is not written as one, holds values that the setting refuses, or names what is fixed."
    fix = "Write `section.key=low..high`, `:log` after it, or options with commas; docs/tuning.md has examples."


class BadBudget(ConfigError):
    """A budget is no time, or too short to train in."""

    code = "config.budget"
    cause = "The time has no unit, or calibration and evaluations alone would use it up."
    fix = "Write `90s`, `10m` or `1h`, and give more time or ask for fewer evaluations."


class BadEnvironment(ConfigError):
    """An environment variable of Fourfold's has a value that cannot be used."""

    code = "config.environment"
    cause = "`FOURFOLD_CACHE` is no folder that can be written to, or `FOURFOLD_CACHE_GB` no number."
    fix = "Set it again, or unset it: both have a default."


class WrongStart(ConfigError):
    """The model to begin with, or to learn from, does not suit this training."""

    code = "config.start"
    cause = "`init` or `teacher` names a model of another shape, of other labels, or with nothing to teach."
    fix = "Name another, or leave out the setting that contradicts it."


class DoesNotFit(ConfigError):
    """A model that was named cannot be fitted to these data; `bench` passes it over."""

    code = "config.does-not-fit"
    cause = "A classical model of the ladder, or of `classical.model`, is made for other data than these."
    fix = "Take another, or none; `bench` needs nothing."
