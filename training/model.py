"""SmolLM2 (the Llama architecture) in PyTorch, with llama.cpp's names and layout of the weights from end to end.

So a checkpoint goes into a GGUF file as it is. One thing differs from other PyTorch code: rotary embedding turns
neighbouring pairs of a head's dimensions, as llama.cpp does for this architecture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import gguf
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from training.quantization import Types, quantized

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask

Mask: TypeAlias = "Tensor | BlockMask | None"
"""What a token sees: a dense mask, a block mask of flex attention, or (None) all tokens before it."""


@dataclass(frozen=True, slots=True)
class Shape:
    vocabulary: int = 49152
    layers: int = 30
    width: int = 576
    hidden: int = 1536
    heads: int = 9
    kv_heads: int = 3
    rope_base: float = 100_000.0
    epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class LowRank(torch.autograd.Function):
    """y = x W^T, where W is what can be made of a frozen weight + up down.

    The gradient goes to `up` and `down` alone; that of the whole weight would cost more than all the rest.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, up: Tensor, down: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight, up, down)
        return F.linear(x, weight)

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None, Tensor, Tensor]:
        x, weight, up, down = ctx.saved_tensors  # type: ignore[attr-defined]
        y, flat = grad.flatten(0, -2), x.flatten(0, -2)
        return grad @ weight, None, y.T @ (flat @ down.T), (y @ up).T @ flat


class Linear(nn.Module):
    """y = x W^T; with a trainable low-rank part beside a frozen weight (arXiv 2106.09685) after `add_lora`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs).normal_(std=0.02))
        self.down: nn.Parameter | None = None
        self.up: nn.Parameter | None = None
        self.stored_as: GGMLQuantizationType | None = None

    def add_lora(self, rank: int) -> None:
        self.weight.requires_grad_(False)
        self.down = nn.Parameter(torch.empty(rank, self.weight.shape[1]).normal_(std=rank**-0.5))
        self.up = nn.Parameter(torch.zeros(self.weight.shape[0], rank))

    def merged(self) -> Tensor:
        """The weight with its low-rank part."""
        if self.down is None or self.up is None:
            return self.weight
        return self.weight + self.scale() * (self.up @ self.down)

    def scale(self) -> float:
        """Of the low-rank part; alpha = 2 * rank."""
        assert self.down is not None
        return 2.0 / self.down.shape[0]

    def forward(self, x: Tensor) -> Tensor:
        weight = self.merged()
        if self.stored_as is not None:
            weight = quantized(weight, self.stored_as)
        if self.down is None or self.up is None:
            return F.linear(x, weight)
        parts = (weight.detach(), self.up * self.scale(), self.down)
        return LowRank.apply(x, *(part.to(x.dtype) for part in parts))  # type: ignore[no-any-return]


class Norm(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.width))
        self.epsilon = shape.epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), self.weight.shape, self.weight, self.epsilon).to(x.dtype)


Angles = tuple[Tensor, Tensor]


def angles(positions: Tensor, shape: Shape) -> Angles:
    """Cosines and sines for positions of (rows, length), as (rows, 1, length, head_width / 2)."""
    pairs = torch.arange(0, shape.head_width, 2, device=positions.device)
    turns = positions[:, None, :, None] * shape.rope_base ** -(pairs / shape.head_width)
    return turns.cos(), turns.sin()


def rotated(x: Tensor, by: Angles) -> Tensor:
    cos, sin = by
    even, odd = x.float().reshape(*x.shape[:-1], -1, 2).unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2).to(x.dtype)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.attn_norm, self.ffn_norm = Norm(shape), Norm(shape)
        self.attn_q = Linear(shape.width, shape.heads * shape.head_width)
        self.attn_k = Linear(shape.width, shape.kv_heads * shape.head_width)
        self.attn_v = Linear(shape.width, shape.kv_heads * shape.head_width)
        self.attn_output = Linear(shape.heads * shape.head_width, shape.width)
        self.ffn_gate, self.ffn_up = Linear(shape.width, shape.hidden), Linear(shape.width, shape.hidden)
        self.ffn_down = Linear(shape.hidden, shape.width)

    def forward(self, x: Tensor, by: Angles, mask: Mask) -> Tensor:
        x = x + self.attend(self.attn_norm(x), by, mask)
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))  # type: ignore[no-any-return]

    def attend(self, x: Tensor, by: Angles, mask: Mask) -> Tensor:
        q, k, v = (
            projection(x).unflatten(-1, (-1, self.shape.head_width)).transpose(1, 2)
            for projection in (self.attn_q, self.attn_k, self.attn_v)
        )
        y = attention(rotated(q, by), rotated(k, by), v, mask)
        return self.attn_output(y.transpose(1, 2).flatten(-2))  # type: ignore[no-any-return]


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Mask) -> Tensor:
    if isinstance(mask, Tensor):
        return dense_attention(q, k, v, mask)
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    from torch.nn.attention.flex_attention import flex_attention

    return flex_attention(q, k, v, block_mask=mask, enable_gqa=True)


def dense_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """In plain matrix products: with short rows on a CPU, twice as fast as PyTorch's flash attention and its gradient.

    The heads that share keys and values are one matrix. `mask`: (rows, 1, length, length).
    """
    rows, heads, length, width = q.shape
    queries = q.reshape(rows * k.shape[1], -1, width)
    keys, values = (x.reshape(rows * k.shape[1], length, width) for x in (k, v))
    scores = torch.bmm(queries, keys.transpose(1, 2)).view(rows, heads, length, length) * width**-0.5
    bias = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, -1e4)
    chances = torch.softmax(scores + bias, -1).to(values.dtype).view(len(keys), -1, length)
    return torch.bmm(chances, values).view(rows, heads, length, width)


class Model(nn.Module):
    """Gives hidden states; `token_embd.weight` is also the output projection."""

    def __init__(self, shape: Shape = Shape()) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape)
        self.control: nn.Parameter | None = None
        nn.init.normal_(self.token_embd.weight, std=0.02)

    def embedding(self) -> Tensor:
        """A row for every token, of which the first may be learnt apart from the others (see `learn_low_rank`)."""
        rows = self.token_embd.weight
        return rows if self.control is None else torch.cat([self.control, rows[len(self.control) :]])

    @torch.no_grad()
    def set_rows(self, meanings: Mapping[int, Sequence[int]]) -> None:
        """Begins tokens that were never trained with the mean of the rows of others, as long as rows are on average.

        Untrained rows are all but equal (cosine 1.00 in SmolLM2), so the model could not tell such tokens apart.
        """
        rows = self.token_embd.weight
        length = rows.norm(dim=1).mean()
        for token, others in meanings.items():
            rows[token] = F.normalize(rows[list(others)].mean(0), dim=0) * length

    def learn_low_rank(self, rank: int, control: int) -> None:
        """Freezes all weights; learnt are low-rank parts beside them and the rows of the first `control` tokens."""
        self.requires_grad_(False)
        for linear in self.linears():
            linear.add_lora(rank)
        self.control = nn.Parameter(self.token_embd.weight[:control].detach().clone())

    def forward(self, tokens: Tensor, positions: Tensor, mask: Mask = None) -> Tensor:
        x = F.embedding(tokens, self.embedding())
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        by = angles(positions, self.shape)
        for block in self.blk:
            x = block(x, by, mask)
        return self.output_norm(x)  # type: ignore[no-any-return]

    def quantize(self, types: Types) -> None:
        """From now on the weights of the blocks are seen as they will be stored."""
        for name, module in self.named_modules():
            if isinstance(module, Linear):
                module.stored_as = types.of(name, 2)

    def linears(self) -> list[Linear]:
        return [module for module in self.modules() if isinstance(module, Linear)]

    def weights(self) -> dict[str, Tensor]:
        """All weights by their GGUF names, low-rank parts merged in."""
        plain = {name: p for name, p in self.named_parameters() if name.endswith("weight")}
        merged = {f"{name}.weight": m.merged() for name, m in self.named_modules() if isinstance(m, Linear)}
        merged["token_embd.weight"] = self.embedding()
        return {name: weight.detach() for name, weight in (plain | merged).items()}


def read_base(path: Path) -> Model:
    """The model of a GGUF file, dequantized. Raises ValueError for an architecture other than Llama's."""
    reader = gguf.GGUFReader(path)
    model = Model(_shape_of(reader))
    weights = {t.name: torch.from_numpy(gguf.dequantize(t.data, t.tensor_type).copy()) for t in reader.tensors}
    model.load_state_dict(weights)
    return model


def knows_fim(path: Path) -> bool:
    """Whether a GGUF file is a model that was taught before: training then goes on from it."""
    return "tokenizer.ggml.fim_mid_token_id" in gguf.GGUFReader(path).fields


def _shape_of(reader: gguf.GGUFReader) -> Shape:
    get = cache(lambda key: reader.fields[key].contents())
    if get("general.architecture") != "llama" or any(t.name == "output.weight" for t in reader.tensors):
        raise ValueError("want a model of Llama's architecture with tied embeddings")
    return Shape(
        vocabulary=get("llama.vocab_size"),
        layers=get("llama.block_count"),
        width=get("llama.embedding_length"),
        hidden=get("llama.feed_forward_length"),
        heads=get("llama.attention.head_count"),
        kv_heads=get("llama.attention.head_count_kv"),
        rope_base=get("llama.rope.freq_base"),
        epsilon=get("llama.attention.layer_norm_rms_epsilon"),
    )
