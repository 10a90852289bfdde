"""The scan over chunks as a few large matrix products, with its gradient written out.

Symbols as in `state_space`; c counts chunks, q the steps of one. Inside a chunk the decay from step k to
step q is exp(a(q) - a(k)) with a the sum of exponents since the chunk began. It is a product of one factor
per step, so that with u(k) = exp(-a(k)) dt(k) x(k) all heads share one matrix of B and C:

    y(q)     = exp(a(q)) [ sum over k <= q of (C(q) . B(k)) u(k)  +  C(q) S(before the chunk) ]
    S(after) = exp(a(end)) [ S(before) + sum over k of B(k) u(k)^T ]

The factors stay in the range of float32 while a chunk decays by no more than `MAX_DECAY`; `fitting_chunk`
finds the size for which that holds.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

MAX_DECAY = 60.0
"""Largest sum of exponents in a chunk: exp(60) = 1e26 leaves float32 a factor of 1e12 on either side."""
FORGOTTEN = 50.0
"""An exponent below minus this counts as this: exp(-50) = 2e-22 of the state is nothing beside any input."""


def fitting_chunk(exponent: Tensor, chunk_size: int) -> int:
    """The largest of `chunk_size`, a half of it, a quarter... whose chunks decay by at most `MAX_DECAY`.

    Args:
        exponent: `(b, l, h)`, none below -`FORGOTTEN`.
        chunk_size: Largest size.
    """
    total = torch.nn.functional.pad(-exponent.detach().cumsum(1), (0, 0, 1, 0))
    length = exponent.shape[1]
    while chunk_size > 1:
        ends = [*range(0, length, chunk_size), length]
        if float(total[:, ends].diff(dim=1).max()) <= MAX_DECAY:
            break
        chunk_size //= 2
    return chunk_size


class ChunkedScan(torch.autograd.Function):
    """Chunks `(b, c, q, h, p)` and a state `(b, n, h, p)` to outputs and the state after the last chunk.

    The state is held as `(n, h p)` here, so that no tensor is transposed. An output depends on its own and
    earlier steps alone, to the last bit. Gradients of the exponents come from y . dy and u . du per step,
    not from the matrix of all pairs of steps.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, exponent: Tensor, dt: Tensor, B: Tensor, C: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See the module; `exponent` and `dt` are `(b, c, q, h)`, `B` and `C` `(b, c, q, n)`."""
        (b, c, q, h, p), n = x.shape, B.shape[-1]
        exact = torch.float32 if x.device.type == "mps" else torch.float64  # small tensors: no cost
        total = exponent.to(exact).cumsum(2)
        since, until = total.exp().to(x.dtype), total.neg().exp().to(x.dtype)
        decay = since[:, :, -1, None, :, None]
        B, C = B.reshape(b * c, q, n), C.reshape(b * c, q, n)
        u = (x * (until * dt)[..., None]).reshape(b * c, q, h * p)

        written = torch.bmm(B.transpose(1, 2), u).view(b, c, n, h, p)
        before, last = torch.empty_like(written), torch.empty_like(written[:, 0])
        before[:, 0] = state
        for i, after in enumerate([*before.unbind(1)[1:], last]):
            torch.mul(written[:, i].add_(before[:, i]), decay[:, i], out=after)
        before = before.view(b * c, n, h * p)

        pairs = torch.bmm(C, B.transpose(1, 2)).tril_()
        y = torch.bmm(C, before).baddbmm_(pairs, u).view(b, c, q, h, p)
        y *= since[..., None]
        ctx.save_for_backward(x, dt, B, C, since, until, u, before, last, pairs, y)
        return y, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, dstate: Tensor) -> tuple[Tensor, ...]:
        """Gradients of all inputs, in the precision of the forward pass whatever the caller's autocast."""
        with torch.autocast(dy.device.type, enabled=False):
            return ChunkedScan._gradients(ctx, dy, dstate)

    @staticmethod
    def _gradients(ctx: Any, dy: Tensor, dstate: Tensor) -> tuple[Tensor, ...]:
        """The recurrence over chunks runs backward."""
        x, dt, B, C, since, until, u, before, last, pairs, y = ctx.saved_tensors
        (b, c, q, h, p), n = x.shape, B.shape[-1]
        decay = since[:, :, -1, None, :, None]
        of_y = (dy * y).sum(-1)
        r = (dy * since[..., None]).reshape(b * c, q, h * p)

        dwritten = torch.bmm(C.transpose(1, 2), r).view(b, c, n, h, p)  # so far: what y read of each state
        dafter, dinitial = torch.empty_like(dwritten), torch.empty_like(last)
        dafter[:, -1] = dstate
        for i, dbefore in reversed([*enumerate([dinitial, *dafter.unbind(1)[:-1]])]):
            torch.addcmul(dwritten[:, i], dafter[:, i], decay[:, i], out=dbefore)
            torch.mul(dafter[:, i], decay[:, i], out=dwritten[:, i])
        after = torch.cat([before.view(b, c, n, h, p)[:, 1:], last[:, None]], 1)
        of_states = after.mul_(dafter).sum((2, 4))
        dwritten = dwritten.view(b * c, n, h * p)

        dpairs = torch.bmm(r, u.transpose(1, 2)).tril_()
        dC = torch.bmm(r, before.transpose(1, 2)).baddbmm_(dpairs, B)
        dB = torch.bmm(u, dwritten.transpose(1, 2)).baddbmm_(dpairs.transpose(1, 2), C)
        du = torch.bmm(B, dwritten).baddbmm_(pairs.transpose(1, 2), r).view(b, c, q, h, p)
        ddt = (du * x).sum(-1) * until
        dx = du.mul_((until * dt)[..., None])
        # An exponent acts on all that is read at or after its step and was written before it.
        balance = of_y - ddt * dt
        dexponent = balance.flip(2).cumsum(2).flip(2) + of_states[:, :, None]
        return dx, dexponent, ddt, dB.view(b, c, q, n), dC.view(b, c, q, n), dinitial


__all__ = ["FORGOTTEN", "MAX_DECAY", "ChunkedScan", "fitting_chunk"]
