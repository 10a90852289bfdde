"""Selective state space in the form of Mamba-2 (state-space duality, SSD), in plain PyTorch.

Dao and Gu, "Transformers are SSMs", 2024 [1]. The recurrence, per head h with channels p and state n:

    S(t) = exp(dt(t) A + g(t)) S(t-1) + dt(t) x(t) B(t)^T          y(t) = S(t) C(t)

Glossary (symbol here, meaning, symbol in [1]):

    b, l    batch and sequence length (windows)                          B, T
    h, p    heads, channels of a head                                    H, P
    n       d_state, size of the state per channel                       N
    x       (b, l, h, p) input                                           X
    dt      (b, l, h)    step, >= 0; 0 leaves the state as it is         Delta
    A       (h,)         decay rate, negative                            A
    B, C    (b, l, n)    what is written to and read from the state      B, C
    g       (b, l, h)    log_decay: further decay before a step, <= 0    (ours: gaps in a recording)
    S       (b, h, p, n) state                                           h

Deviations from the official implementation: one group of B and C, no short convolution (a step is ten
seconds long), and the extra decay g. All functions give the same values and gradients; a sequence may be
split anywhere if the state is carried.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, reduce

import torch
from torch import Tensor

from .chunked_scan import FORGOTTEN, ChunkedScan, fitting_chunk

RESET_LOG_DECAY = -1e3
"""A `log_decay` whose exponential is zero: the state before it is forgotten."""


def scan_step(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, state: Tensor, log_decay: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """One step of the recurrence; all inputs without the axis l. Returns y `(b, h, p)` and the state."""
    exponent = dt * A if log_decay is None else dt * A + log_decay
    written = torch.einsum("bh,bhp,bn->bhpn", dt, x, B)
    state = state * exponent.exp()[..., None, None] + written
    return torch.einsum("bhpn,bn->bhp", state, C), state


def scan_reference(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    *,
    log_decay: Tensor | None = None,
    initial_state: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The recurrence step by step: slow, obvious, the measure of the others."""
    state = _initial(x, B) if initial_state is None else initial_state
    outputs = []
    decays = [None] * x.shape[1] if log_decay is None else log_decay.unbind(1)
    for x_t, dt_t, B_t, C_t, g_t in zip(
        x.unbind(1), dt.unbind(1), B.unbind(1), C.unbind(1), decays, strict=True
    ):
        y_t, state = scan_step(x_t, dt_t, A, B_t, C_t, state, g_t)
        outputs.append(y_t)
    return torch.stack(outputs, 1), state


def scan_chunked(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    *,
    log_decay: Tensor | None = None,
    initial_state: Tensor | None = None,
    chunk_size: int = 64,
) -> tuple[Tensor, Tensor]:
    """The same by matrix products inside chunks and a recurrence over chunks ([1], section 6).

    Where the state decays too fast for chunks of `chunk_size` they are made smaller (see `chunked_scan`).
    That looks at the values, which a graph that is being compiled cannot: there it is `scan_masked`.
    """
    if torch.compiler.is_compiling():
        return scan_masked(
            x, dt, A, B, C, log_decay=log_decay, initial_state=initial_state, chunk_size=chunk_size
        )
    with torch.autocast(x.device.type, enabled=False):
        length = x.shape[1]
        exponent = (dt * A if log_decay is None else dt * A + log_decay).clamp_min(-FORGOTTEN)
        chunk_size = fitting_chunk(exponent, min(chunk_size, length))
        state = _initial(x, B) if initial_state is None else initial_state
        # Under autocast some come in half precision: all are taken to the finest.
        dtype = reduce(torch.promote_types, (v.dtype for v in (x, exponent, dt, B, C, state)))
        chunks = [_in_chunks(v.to(dtype), chunk_size) for v in (x, exponent, dt, B, C)]
        y, state = ChunkedScan.apply(*chunks, state.to(dtype).permute(0, 3, 1, 2))
        return y.flatten(1, 2)[:, :length], state.permute(0, 2, 3, 1)


def scan_masked(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    *,
    log_decay: Tensor | None = None,
    initial_state: Tensor | None = None,
    chunk_size: int = 64,
) -> tuple[Tensor, Tensor]:
    """The same with the decay between all pairs of steps of a chunk, whatever the decays are.

    Sums of exponents are taken as cumulative sums of masked copies, never as differences, so that a
    reset (a huge negative exponent) costs no precision.
    """
    length = x.shape[1]
    exponent = dt * A if log_decay is None else dt * A + log_decay
    chunk_size = min(chunk_size, length)
    x_dt, exponent, B, C = (_in_chunks(v, chunk_size) for v in (x * dt[..., None], exponent, B, C))

    exponent = exponent.transpose(2, 3)  # b c h q
    between = _segment_sums(exponent)  # exponent from after step k to step q
    within = torch.einsum("bcqn,bckn,bchqk,bckhp->bcqhp", C, B, between.exp(), x_dt)
    written = torch.einsum("bckn,bchk,bckhp->bchpn", B, between[..., -1, :].exp(), x_dt)
    from_start = exponent.cumsum(-1).exp()

    state = _initial(x, B) if initial_state is None else initial_state
    before = []
    for written_c, decay_c in zip(written.unbind(1), from_start[..., -1].unbind(1), strict=True):
        before.append(state)
        state = state * decay_c[..., None, None] + written_c
    carried = torch.einsum("bcqn,bchpn,bchq->bcqhp", C, torch.stack(before, 1), from_start)
    return (within + carried).flatten(1, 2)[:, :length], state


def selective_scan(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    *,
    log_decay: Tensor | None = None,
    initial_state: Tensor | None = None,
    chunk_size: int = 64,
) -> tuple[Tensor, Tensor]:
    """`mamba_ssm`'s kernel where the tensor is on a GPU and it imports, else `scan_chunked`.

    Chosen per call and by device: an installed `mamba_ssm` never touches a tensor on the CPU.
    """
    fused = _fused_kernel() if x.is_cuda else None
    if fused is None:
        return scan_chunked(
            x, dt, A, B, C, log_decay=log_decay, initial_state=initial_state, chunk_size=chunk_size
        )
    return _call_fused(
        fused, x, dt, A, B, C, log_decay=log_decay, initial_state=initial_state, chunk_size=chunk_size
    )


def _call_fused(
    fused: Callable,
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    *,
    log_decay: Tensor | None,
    initial_state: Tensor | None,
    chunk_size: int,
) -> tuple[Tensor, Tensor]:
    if log_decay is not None:
        # The kernel knows no extra decay: a longer step with a smaller input is the same recurrence.
        longer = dt + log_decay / A
        x = x * torch.where(longer > 0, dt / longer.clamp_min(1e-20), 0.0)[..., None]
        dt = longer
    B, C = B[:, :, None], C[:, :, None]  # one group
    return fused(x, dt, A, B, C, chunk_size, initial_states=initial_state, return_final_states=True)


@lru_cache(maxsize=1)
def _fused_kernel() -> Callable | None:
    try:
        from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined
    except Exception:  # an installed but unusable build raises more than ImportError
        return None
    return mamba_chunk_scan_combined


def _initial(x: Tensor, B: Tensor) -> Tensor:
    return x.new_zeros(x.shape[0], x.shape[-2], x.shape[-1], B.shape[-1])


def _in_chunks(values: Tensor, size: int) -> Tensor:
    """`(b, l, ...)` to `(b, c, size, ...)`, filled up with zeros at the end: steps that change nothing."""
    missing = -values.shape[1] % size
    if missing:
        values = torch.cat([values, values.new_zeros(values.shape[0], missing, *values.shape[2:])], dim=1)
    return values.unflatten(1, (-1, size))


def _segment_sums(exponent: Tensor) -> Tensor:
    """`(..., q)` to `(..., q, k)`: sum of the exponents of steps k+1 to q; -inf where k > q."""
    size = exponent.shape[-1]
    ones = torch.ones(size, size, dtype=torch.bool, device=exponent.device)
    copies = exponent[..., None].expand(*exponent.shape, size).masked_fill(~ones.tril(-1), 0.0)
    return copies.cumsum(-2).masked_fill(~ones.tril(), float("-inf"))


__all__ = ["RESET_LOG_DECAY", "scan_chunked", "scan_masked", "scan_reference", "scan_step", "selective_scan"]
