"""What a vision Transformer looks at: attention rolled out over its layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..core.batch import Batch
from ..core.nn import record_attention
from .data import Pixels
from .model import ViT

# Shapes: N images, L tokens, S side of the image, K tokens in a row.

Maps = npt.NDArray[np.float32]


@torch.no_grad()
def attention_maps(model: ViT, batch: Batch) -> Maps:
    """Return how much each place of each image counts in the answer (N, K, K), from 0 to 1.

    The weights of all heads are averaged, half of each token is kept on its way past a layer, and the layers are
    multiplied (Abnar and Zuidema, "Quantifying attention flow in Transformers", 2020). A model that pools by the mean
    looks at what all of its tokens look at, on average.
    """
    config = model.config
    with record_attention(model) as weights:
        model(batch)
    length = config.side**2 + config.extra_tokens
    flow_NLL = torch.eye(length, device=batch["image"].device).expand(len(batch), length, length)
    for layer_NHLL in weights:
        flow_NLL = _past(layer_NHLL.float().mean(1), length) @ flow_NLL
    read_NL = flow_NLL[:, 0] if config.pooling == "first" else flow_NLL[:, config.extra_tokens :].mean(1)
    maps = read_NL[:, config.extra_tokens :].reshape(-1, config.side, config.side).cpu().numpy()
    low, high = maps.min(axis=(1, 2), keepdims=True), maps.max(axis=(1, 2), keepdims=True)
    return np.asarray((maps - low) / np.maximum(high - low, 1e-9), np.float32)


def _past(mean_NML: Tensor, length: int) -> Tensor:
    """Return what a layer passes on: half its attention, half the token itself; the last may ask for few tokens."""
    rows = mean_NML.shape[1]
    return (mean_NML + torch.eye(length, device=mean_NML.device)[:rows]) / 2


def overlaid(image_SSC: Pixels, map_KK: Maps) -> Pixels:
    """Return an image (S, S, 3) that is dark where the model does not look."""
    side = image_SSC.shape[0]
    plain = np.repeat(image_SSC, 3, axis=2) if image_SSC.shape[2] == 1 else image_SSC
    scale = torch.nn.functional.interpolate(torch.from_numpy(map_KK)[None, None], size=(side, side), mode="bilinear")
    light = 0.15 + 0.85 * scale[0, 0, :, :, None].numpy()
    return np.asarray((plain * light).round(), np.uint8)
