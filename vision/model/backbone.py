"""Models of timm (ResNet, EfficientNet, …) in the place of ours: to compare with, or to start from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.errors import UnknownName, did_you_mean
from .base import ImageModel

PREFIX = "timm:"


class Backbone(ImageModel):
    """A model of timm with fresh weights, for images (B, C, S, S) and K classes.

    >>> Backbone("timm:resnet18", num_classes=3, channels=1, size=32)(Batch({"image": torch.zeros(2, 1, 32, 32)})).shape
    torch.Size([2, 3])
    """

    def __init__(self, name: str, num_classes: int, channels: int, size: int) -> None:
        super().__init__()
        self.model = _create(name.removeprefix(PREFIX), num_classes, channels, size)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, K) for `batch["image"]`."""
        image_BCSS = batch["image"]
        if self.training and len(image_BCSS) == 1:  # of which a batch norm may see a single pixel
            image_BCSS = torch.cat([image_BCSS, image_BCSS])
        # Up to twice as fast on a processor with the channels last.
        logits_BK: Tensor = self.model(image_BCSS.contiguous(memory_format=torch.channels_last))
        return logits_BK[: len(batch)]

    @property
    def heads(self) -> list[nn.Linear]:
        """The linear layers that give the logits; none where timm's model ends otherwise."""
        found = self.model.get_classifier()
        return [found] if isinstance(found, nn.Linear) else []

    @property
    def head(self) -> tuple[str, ...]:
        """The beginnings of the names of the weights that belong to the classes."""
        found = self.model.pretrained_cfg.get("classifier") or ()
        return tuple(f"model.{name}." for name in ((found,) if isinstance(found, str) else found))


def check_name(name: str) -> None:
    """Raise ConfigError where timm has no such model."""
    import timm

    known = timm.list_models()
    if name.removeprefix(PREFIX).partition(".")[0] not in known:
        raise UnknownName(f"backbone '{name}': timm has no such model{did_you_mean(name.removeprefix(PREFIX), known)}")


def _create(name: str, num_classes: int, channels: int, size: int) -> Any:
    import timm

    given: dict[str, Any] = {"pretrained": False, "num_classes": num_classes, "in_chans": channels}
    with torch.no_grad():
        try:
            return timm.create_model(name, **given, img_size=size)  # what cuts images into patches asks for it
        except TypeError:
            return timm.create_model(name, **given)
