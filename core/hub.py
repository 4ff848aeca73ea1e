"""Pretrained models elsewhere: folders, their JSON and weights, and what the Hugging Face Hub has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from .errors import Damaged, HubFailed, NoSuchModel
from .nn import read_weights

WANTED = ("*.json", "*.txt", "*.safetensors")
"""What is fetched from the Hub: nothing in these can run code."""

_INDEX = "model.safetensors.index.json"
_PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "tf_model.h5", "flax_model.msgpack")


def find_folder(source: str | Path) -> Path:
    """Return the folder of a model: `source` itself, or what the Hugging Face Hub has under that name.

    Without a network, or with HF_HUB_OFFLINE=1, the Hub's cache on this machine is used. Raises ArtifactError
    where there is neither.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_file():
        raise NoSuchModel(f"{source}: a file; give the folder that holds it")
    return _fetch(str(source))


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object; ArtifactError says what is wrong."""
    try:
        values: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoSuchModel(f"{path}: no such file; give the folder that save_pretrained wrote") from None
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{path}: not JSON ({error}); fetch it again") from None
    except OSError as error:
        raise Damaged(f"{path}: not readable ({error.strerror}); fetch it again") from None
    if not isinstance(values, dict):
        raise Damaged(f"{path}: a JSON {type(values).__name__}, not an object; fetch it again")
    return values


def read_state(folder: Path) -> dict[str, Tensor]:
    """Return the weights in `model.safetensors`, or in the shards that its index names."""
    if (folder / "model.safetensors").is_file():
        return read_weights(folder / "model.safetensors")
    if (folder / _INDEX).is_file():
        return _read_shards(folder)
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    found = f"only {', '.join(pickles)}, whose reading can run code" if pickles else "no model.safetensors"
    raise NoSuchModel(
        f"{folder}: {found}; give a folder with model.safetensors, which save_pretrained of transformers 5 writes"
    )


class Start(Protocol):
    """A pretrained model to start from."""

    @property
    def weights(self) -> Mapping[str, Tensor]: ...


def origin(start: Start | None) -> dict[str, str]:
    """Return what tells one start from another, for a run to remember: a hash of its weights, nothing where there is
    none."""
    if start is None:
        return {}
    digest = hashlib.sha256()
    for name, weight in sorted(start.weights.items()):
        digest.update(name.encode())
        digest.update(weight.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return {"init": digest.hexdigest()}


def _read_shards(folder: Path) -> dict[str, Tensor]:
    path = folder / _INDEX
    places = read_json(path).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(place, str) for place in places.values()):
        raise Damaged(f"{path}: weight_map does not say which file holds each weight; fetch it again")
    state: dict[str, Tensor] = {}
    for place in sorted(set(places.values())):
        if Path(place).name != place:  # a name such as ../x would leave the folder
            raise Damaged(f"{path}: '{place}' is not the name of a file beside it; fetch it again")
        state |= read_weights(folder / place)
    absent = sorted(set(places) - set(state))
    if absent:
        raise Damaged(f"{path}: no file holds the weight '{absent[0]}'; fetch it again")
    return state


def _fetch(name: str) -> Path:
    from huggingface_hub import snapshot_download  # takes a second to import
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(WANTED)))
    except HFValidationError:
        raise HubFailed(
            f"{name}: no such folder, nor can it be the name of a model on the Hugging Face Hub; check the path"
        ) from None
    except RepositoryNotFoundError:
        raise HubFailed(
            f"{name}: no such folder, and the Hugging Face Hub has no such model, or hides it; check the name, or "
            "log in with `hf auth login`"
        ) from None
    except LocalEntryNotFoundError:
        raise HubFailed(
            f"{name}: no such folder, and the Hugging Face Hub could not be reached (the model is not whole in its "
            f"cache either); check the path or the network, or give a folder made elsewhere by `hf download {name}`"
        ) from None
    except Exception as error:  # of the Hub, the network's library and the disk: they share no base
        why = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise HubFailed(
            f"{name}: no such folder, and not fetched from the Hugging Face Hub ({why}); check the path, the network "
            "and the disk"
        ) from None
