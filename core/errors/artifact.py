"""What can be wrong with saved models, runs and results, and with the places where they go."""

from .kinds import ArtifactError


class Damaged(ArtifactError):
    """A file of a saved model is damaged, or does not fit the others."""

    code = "artifact.damaged"
    cause = "A copy ended early, or files of two runs were mixed."
    fix = "Copy the folder again from where it was saved, or train it again."


class Changed(ArtifactError):
    """A saved model was changed after it was saved."""

    code = "artifact.changed"
    cause = "A file has not the hash that was noted when it was saved: it was edited or replaced."
    fix = "Copy the folder again; to change settings, train again, or give `--set` where a trained model takes it."


class NoSuchModel(ArtifactError):
    """There is no saved model at this place, or a file of it is missing."""

    code = "artifact.missing"
    cause = "The path is misspelt or one folder off, or not all files were copied."
    fix = "Give the folder that `train` or `save_pretrained` wrote, whole."


class OtherVersion(ArtifactError):
    """What was saved has a format that this version does not read."""

    code = "artifact.version"
    cause = "A newer Fourfold saved it, or one so old that its settings mean nothing any more."
    fix = "Install the newer version, or make it again with this one."


class WrongModel(ArtifactError):
    """The saved model is of another kind than is needed here."""

    code = "artifact.kind"
    cause = "It is of another domain, or a classical model or another architecture where a Transformer is needed."
    fix = "Give a model of the kind that the message names."


class WrongWeights(ArtifactError):
    """Weights do not fit the model that shall take them."""

    code = "artifact.weights"
    cause = "Names or shapes differ: the weights were trained with another configuration."
    fix = "Give weights and configuration that belong together."


class UnsupportedModel(ArtifactError):
    """A model from elsewhere is of a form that is not read."""

    code = "artifact.unsupported"
    cause = "Its architecture, a setting of it or its file format is none that the core can reproduce."
    fix = "Give one of the forms that the message names."


class BadTokenizer(ArtifactError):
    """The tokenizer beside a model cannot be used with it."""

    code = "artifact.tokenizer"
    cause = "It is missing or damaged, lacks special tokens, or numbers more tokens than the model has."
    fix = "Give the tokenizer that the model was trained with, saved as the message says."


class HubFailed(ArtifactError):
    """A model could not be had from the Hugging Face Hub."""

    code = "artifact.download"
    cause = "No folder has this name, and the Hub has no such model, hides it, or cannot be reached."
    fix = "Check the name and the network; a folder made by `hf download` needs no network."


class OutputTaken(ArtifactError):
    """There is something already where the result should go."""

    code = "artifact.output"
    cause = "Nothing is written over without being told to, so that no work is lost by accident."
    fix = "Choose another place; or go on with `--resume`, or replace it with `--force`, where the message says so."


class InUse(ArtifactError):
    """Another process is at work on this folder."""

    code = "artifact.in-use"
    cause = "Two commands were given the same folder, or one was left running."
    fix = "Wait for the other, or end it; nothing has to be removed."


class BadResults(ArtifactError):
    """The results of a benchmark cannot be read, or not be put where they should go."""

    code = "artifact.results"
    cause = "The folder is not one that `fourfold bench` wrote, or its files are damaged."
    fix = "Give such a folder; `--resume` measures again what is damaged."
