"""Image networks that ImageNet trained, without their last layer, as Keras models over raw pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ...datasets import InputError
from .found import Weights
from .weight_files import read_safetensors, read_torch

SIDE = 224  # pixels, for which all of these networks were trained
_EPSILON = 1e-3  # of EfficientNet's batch normalisation


@dataclass(frozen=True)
class _Stage:
    """Blocks of one kind: how many, kernel, stride of the first, expansion, channels that come out."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


_LITE0 = (
    *(_Stage(1, 3, 1, 1, 16), _Stage(2, 3, 2, 6, 24), _Stage(2, 5, 2, 6, 40), _Stage(3, 3, 2, 6, 80)),
    *(_Stage(3, 5, 1, 6, 112), _Stage(4, 5, 2, 6, 192), _Stage(1, 3, 1, 6, 320)),
)

Arrays = Mapping[str, np.ndarray]


def image_model(weights: Weights, left_out: int = 0, resize: Any = None) -> keras.Model:
    """Pixels uint8 (batch, 224, 224, 3), any size with a layer that resizes, to features (batch, width).

    Without the last ``left_out`` blocks the output is what they would get: ``states`` (batch, height, width,
    channels).
    """
    size = (SIDE, SIDE) if resize is None else (None, None)
    image = keras.Input((*size, 3), dtype="uint8", name="image")
    x = image if resize is None else resize(image)
    backbone = _backbone(weights.file)
    if backbone is not None:
        if left_out:
            raise InputError("fine_tune trains blocks of EfficientNet-Lite only; give its .pth as weights")
        features = backbone(keras.layers.Rescaling(1.0)(x))
        return _frozen(keras.Model({"image": image}, {"features": features}))
    arrays = _lite0(weights)
    x = keras.layers.Rescaling(1.0 / 128.0, offset=-127.0 / 128.0, name="scale")(x)
    x = _folded(arrays, "_conv_stem", "_bn0", strides=2)(x)
    x = keras.layers.ReLU(6.0)(x)
    blocks = _blocks()
    for number, block in enumerate(blocks[: len(blocks) - left_out]):
        x = block(arrays, number, x)
    if left_out:
        return _frozen(keras.Model({"image": image}, {"states": x}))
    return _frozen(keras.Model({"image": image}, {"features": _pooled(arrays, x)}))


def last_blocks(weights: Weights, count: int, states: Any) -> Any:
    """Features behind the last blocks, whose weights are copies that can be trained."""
    arrays, blocks = _lite0(weights), _blocks()
    for number in range(len(blocks) - count, len(blocks)):
        states = blocks[number](arrays, number, states)
    return _pooled(arrays, states)


@lru_cache(maxsize=8)
def output_shape(weights: Weights, left_out: int = 0) -> tuple[int, ...]:
    """Shape of what :func:`image_model` gives for one image of the usual size."""
    (output,) = image_model(weights, left_out).output.values()
    return tuple(int(n) for n in output.shape[1:])


def _frozen(model: keras.Model) -> keras.Model:
    model.trainable = False
    return model


@lru_cache(maxsize=2)
def _lite0(weights: Weights) -> Arrays:
    ours = weights.file.suffix == ".safetensors"
    arrays = read_safetensors(weights.file) if ours else read_torch(weights.file)
    needed = ("_conv_stem.weight", "_blocks.15._project_conv.weight", "_conv_head.weight", "_bn1.running_var")
    lacking = next((name for name in needed if name not in arrays), None)
    if lacking or "_blocks.0._se_reduce.weight" in arrays or "_blocks.16._bn1.weight" in arrays:
        raise InputError(f"{weights.file} is not an EfficientNet-Lite0")
    return arrays


def _blocks() -> list[Callable[..., Any]]:
    """Builders of the blocks, in their order."""
    made: list[Callable[..., Any]] = []
    for stage in _LITE0:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            made.append(partial(_block, stage=stage, stride=stride))
    return made


def _block(arrays: Arrays, number: int, x: Any, stage: _Stage, stride: int) -> Any:
    """Inverted bottleneck (Sandler et al. 2018) without squeezing and with ReLU6, as Lite has it."""
    start, shortcut = f"_blocks.{number}.", x
    if stage.expansion != 1:
        x = keras.layers.ReLU(6.0)(_folded(arrays, f"{start}_expand_conv", f"{start}_bn0")(x))
    x = _folded(arrays, f"{start}_depthwise_conv", f"{start}_bn1", strides=stride, depthwise=True)(x)
    x = keras.layers.ReLU(6.0)(x)
    x = _folded(arrays, f"{start}_project_conv", f"{start}_bn2")(x)
    return keras.layers.Add()([x, shortcut]) if stride == 1 and x.shape[-1] == shortcut.shape[-1] else x


def _pooled(arrays: Arrays, x: Any) -> Any:
    x = keras.layers.ReLU(6.0)(_folded(arrays, "_conv_head", "_bn1")(x))
    return keras.layers.GlobalAveragePooling2D()(x)


def _folded(arrays: Arrays, name: str, norm: str, strides: int = 1, depthwise: bool = False) -> Any:
    """A convolution with the batch normalisation behind it in its weights: the same numbers, less work."""
    kernel = arrays[f"{name}.weight"]  # out, in, height, width
    scale = arrays[f"{norm}.weight"] / np.sqrt(arrays[f"{norm}.running_var"] + _EPSILON)
    bias = arrays[f"{norm}.bias"] - arrays[f"{norm}.running_mean"] * scale
    kernel = np.transpose(kernel * scale[:, None, None, None], (2, 3, 1, 0))
    options: dict[str, Any] = {
        "strides": strides,
        "padding": "same",
        "name": name.strip("_").replace(".", ""),
    }
    size = kernel.shape[:2]
    if depthwise:
        kernel = np.transpose(kernel, (0, 1, 3, 2))
        layer = keras.layers.DepthwiseConv2D(size, **options)
    else:
        layer = keras.layers.Conv2D(kernel.shape[3], size, **options)
    layer.build((None, None, None, kernel.shape[2]))
    layer.set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
    return layer


def _layer_name(name: str) -> str:
    return name.strip("_").replace(".", "")


_BACKBONES = {  # by what the name of Keras's own file holds
    "mobilenet_v3_small": "MobileNetV3Small",
    "mobilenet_v3_large": "MobileNetV3Large",
    "efficientnetv2-b0": "EfficientNetV2B0",
}


def backbone_of(file: Path) -> str | None:
    """The function of keras.applications that a file of weights is for, by its name."""
    name = file.name.lower()
    return next((made for part, made in _BACKBONES.items() if part in name), None)


def _backbone(file: Path) -> keras.Model | None:
    """A network of keras.applications with weights of a local file; None for an EfficientNet-Lite."""
    if file.suffix in (".pth", ".safetensors"):
        return None
    made = backbone_of(file)
    if made is None:
        known = ", ".join(_BACKBONES)
        raise InputError(f"the name of {file} does not say which network it is for; expected one of {known}")
    build = getattr(keras.applications, made)
    model = build(weights=None, include_top=False, pooling="avg", input_shape=(SIDE, SIDE, 3))
    try:
        model.load_weights(file)
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{file} does not hold the weights of {made} without its top: {first[:200]}"
        ) from error
    return model
