"""In which types the tensors of the model are stored, and what those types make of a weight while it is trained."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

import torch
from gguf import GGMLQuantizationType
from torch import Tensor

SHIPPED = "q4_1,token_embd=q8_0"
"""Q4_1 costs no more time than Q4_0, which has no offsets; of both, llama.cpp repacks the weights for the CPU. Five
bits (Q5_0) cost 1.6 times as much for a token and 2.6 times for a prompt."""

BLOCK = 32
"""Neighbouring weights that share a scale."""


@dataclass(frozen=True, slots=True)
class Types:
    """How tensors are stored: `default`, but the first of `others` whose pattern fits. Vectors stay in F32."""

    default: GGMLQuantizationType
    others: tuple[tuple[str, GGMLQuantizationType], ...] = ()

    def of(self, name: str, dimensions: int) -> GGMLQuantizationType:
        if dimensions == 1:
            return GGMLQuantizationType.F32
        return next((kind for pattern, kind in self.others if fnmatch.fnmatchcase(name, f"*{pattern}*")), self.default)


def read_types(text: str) -> Types:
    """`q4_0,token_embd=q8_0,blk.0.=q8_0`: the default, then parts of tensor names. Raises ValueError."""
    default, *others = text.split(",")
    pairs = (other.partition("=") for other in others)
    return Types(_type(default), tuple((name, _type(kind)) for name, _, kind in pairs))


def _type(name: str) -> GGMLQuantizationType:
    try:
        return GGMLQuantizationType[name.upper()]
    except KeyError:
        raise ValueError(f"{name!r} is no tensor type; for rows of this width: f16, q8_0, q5_1, q4_1, q4_0") from None


def quantized(weight: Tensor, kind: GGMLQuantizationType) -> Tensor:
    """What the file will hold of a weight, with ggml's reference rounding; itself for types of more than four bits.

    The gradient passes straight through (Bengio et al. 2013), so training settles on weights that survive it.
    """
    rounding = {GGMLQuantizationType.Q4_0: _q4_0, GGMLQuantizationType.Q4_1: _q4_1}.get(kind)
    if rounding is None:
        return weight
    # Not `unflatten`, which PyTorch has no types for.
    blocks = weight.detach().float().reshape(*weight.shape[:-1], -1, BLOCK)
    return weight + (rounding(blocks).flatten(-2).to(weight.dtype) - weight).detach()


def _q4_0(blocks: Tensor) -> Tensor:
    """A scale for each block, set by its largest weight (quantize_row_q4_0_ref)."""
    largest = blocks.gather(-1, blocks.abs().argmax(-1, keepdim=True))
    scale = largest / -8
    levels = (blocks * _inverse(scale) + 8.5).floor().clamp(0, 15) - 8
    return levels * scale.half().float()


def _q4_1(blocks: Tensor) -> Tensor:
    """A scale and an offset for each block, set by its least and its largest weight (quantize_row_q4_1_ref)."""
    least = blocks.amin(-1, keepdim=True)
    scale = (blocks.amax(-1, keepdim=True) - least) / 15
    levels = ((blocks - least) * _inverse(scale) + 0.5).floor().clamp(0, 15)
    return levels * scale.half().float() + least.half().float()


def _inverse(scale: Tensor) -> Tensor:
    return torch.where(scale == 0, 0.0, 1 / scale)
