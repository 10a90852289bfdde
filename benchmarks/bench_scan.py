"""The state-space scan and its block against transformers' Mamba, mambapy and accelerated-scan, on the CPU.

Like for like: `block` is the Mamba-2 block of transformers, with its weights, once with its own scan at its
best chunk size and once with ours. `layer` is the bridge's layer of this package against that block in the
same width, heads and state. `alone` is the recurrence without a block. The blocks of Mamba-1 (transformers,
mambapy) compute another function of the same shape; only their time is compared.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorBridgeConfig
from neuronarrator_hf.models.modeling_bridge import NeuroNarratorStateSpaceBridge
from neuronarrator_hf.models.state_space import scan_chunked, scan_masked, scan_reference, scan_step

from .contest import Contest, Timed

BATCH, WIDTH, HEAD_DIM, D_STATE = 2, 256, 64, 128
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096, 8192)
PEER_CHUNKS = (32, 64, 128, 256)
LONGEST_BACKWARD, LONGEST_MAMBA1 = 256, 2048
"""Of Mamba-1 in transformers: its gradient takes time in the square of the length, 16 s at 512."""
OUR_CHUNK = 128
PEER = "Mamba2"
ERROR_LIMIT = 1e-4


def contests(quick: bool) -> Iterator[Contest]:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    for length in (64, 512, 2048) if quick else LENGTHS:
        yield from _block(length)
    for length in (512,) if quick else (512, 2048):
        yield _layer(length)
    yield _alone(512)
    yield _stream()


def _mixer(expand: int, chunk_size: int) -> nn.Module:
    from transformers import Mamba2Config
    from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

    torch.manual_seed(0)
    config = Mamba2Config(
        hidden_size=WIDTH,
        expand=expand,
        head_dim=HEAD_DIM,
        num_heads=expand * WIDTH // HEAD_DIM,
        state_size=D_STATE,
        n_groups=1,
        chunk_size=chunk_size,
        num_hidden_layers=1,
    )
    return Mamba2Mixer(config, 0)


def _best_mixer(expand: int, hidden: Tensor) -> tuple[str, nn.Module]:
    """The block at the chunk size at which it is fastest, forward and backward, and a note of that size."""
    found = {}
    for chunk_size in PEER_CHUNKS:
        if chunk_size <= hidden.shape[1]:
            mixer = _mixer(expand, chunk_size)
            run = _backward(mixer, mixer, hidden)
            run()
            took = []
            for _ in range(2):
                began = time.process_time()
                run()
                took.append(time.process_time() - began)
            found[chunk_size] = min(took), mixer
    best = min(found, key=lambda size: found[size][0])
    return f"chunks of {best} in the peer", found[best][1]


class OurScanInTheirBlock(nn.Module):
    """Mamba-2's block with the weights of a `Mamba2Mixer` and the scan of this package."""

    def __init__(self, mixer: nn.Module):
        super().__init__()
        self.mixer = mixer

    def forward(self, hidden: Tensor) -> Tensor:
        m = self.mixer
        gate, mixed, dt = m.in_proj(hidden).split([m.intermediate_size, m.conv_dim, m.num_heads], dim=-1)
        mixed = m.act(m.conv1d(mixed.transpose(1, 2))[..., : hidden.shape[1]].transpose(1, 2))
        x, B, C = mixed.split([m.intermediate_size, m.ssm_state_size, m.ssm_state_size], dim=-1)
        x = x.unflatten(-1, (m.num_heads, -1))
        dt = F.softplus(dt + m.dt_bias).clamp(*m.time_step_limit)
        y, _ = scan_chunked(x, dt, -m.A_log.exp(), B, C, chunk_size=OUR_CHUNK)
        y = (y + m.D[:, None] * x).flatten(-2)
        return m.out_proj(m.norm(y, gate))


def _forward(block: Callable[[Tensor], Any], hidden: Tensor) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.no_grad():
            return _tensor(block(hidden))

    return run


def _backward(module: nn.Module, block: Callable[[Tensor], Any], hidden: Tensor) -> Callable[[], Tensor]:
    weights = torch.linspace(-1, 1, hidden.numel()).view_as(hidden)

    def run() -> Tensor:
        module.zero_grad(set_to_none=True)
        values = hidden.clone().requires_grad_()
        (_tensor(block(values)) * weights).sum().backward()
        return values.grad

    return run


def _tensor(output: Any) -> Tensor:
    return output[0] if isinstance(output, tuple) else output


def _block(length: int) -> Iterator[Contest]:
    torch.manual_seed(1)
    hidden = torch.randn(BATCH, length, WIDTH)
    note, theirs = _best_mixer(2, hidden)
    ours = OurScanInTheirBlock(theirs)
    tokens, inner = BATCH * length, 2 * WIDTH
    projections = 2 * tokens * WIDTH * (3 * inner + 2 * D_STATE + inner // HEAD_DIM)
    flops = projections + 4 * tokens * inner * D_STATE  # every token written to and read from the state
    weights = sum(p.numel() for p in theirs.parameters())
    for way, make, passes in (("forward", _forward, 1), ("forward+backward", _backward, 3)):
        few = 5 if length >= 2048 else None
        others = _mamba1(length, backward=passes > 1)

        def side(block: nn.Module, make=make) -> Callable[[], Tensor]:
            return make(block, hidden) if make is _forward else make(block, block, hidden)

        yield Contest(
            name=f"scan/block {way}/{length}",
            ours=side(ours),
            peers={PEER: side(theirs)} | {n: side(b) for n, b in others.items()},
            n_items=tokens,
            item="steps",
            error=_relative_error if not others else _error_against(theirs, make, hidden),
            error_limit=ERROR_LIMIT,
            flops=passes * flops,
            n_bytes=passes * 4 * (weights + 2 * tokens * WIDTH),
            aim=1.5 if length in (512, 2048) else None,
            rounds=few,
            note=note,
        )


def _mamba1(length: int, backward: bool) -> dict[str, nn.Module]:
    """Blocks of Mamba-1 in the same width, as long as their scan of all states fits the memory."""
    from transformers import MambaConfig
    from transformers.models.mamba.modeling_mamba import MambaMixer

    blocks: dict[str, nn.Module] = {}
    if length > LONGEST_MAMBA1:
        return blocks
    torch.manual_seed(0)
    if not backward or length <= LONGEST_BACKWARD:
        config = MambaConfig(hidden_size=WIDTH, state_size=16, expand=2, num_hidden_layers=1)
        blocks["Mamba (transformers)"] = MambaMixer(config, 0)
    try:
        from mambapy.mamba import MambaBlock
        from mambapy.mamba import MambaConfig as PyConfig
    except ImportError:
        return blocks
    config = MambaConfig(hidden_size=WIDTH, state_size=16, expand=2, num_hidden_layers=1, use_mambapy=True)
    blocks["Mamba (transformers, mambapy)"] = MambaMixer(config, 0)
    blocks["mambapy"] = MambaBlock(PyConfig(d_model=WIDTH, n_layers=1, d_state=16, expand_factor=2))
    return blocks


def _relative_error(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1.0))


def _error_against(theirs: nn.Module, make: Callable[..., Any], hidden: Tensor) -> Callable[..., float]:
    wanted = (make(theirs, hidden) if make is _forward else make(theirs, theirs, hidden))()
    return lambda ours, _: _relative_error(ours, wanted)


def _layer(length: int) -> Contest:
    torch.manual_seed(1)
    hidden = torch.randn(BATCH, length, WIDTH)
    note, theirs = _best_mixer(1, hidden)
    config = NeuroNarratorBridgeConfig(
        hidden_size=WIDTH, num_heads=WIDTH // HEAD_DIM, d_state=D_STATE, chunk_size=OUR_CHUNK
    )
    layer = NeuroNarratorStateSpaceBridge(config, WIDTH).layers[0]
    mask = torch.ones(BATCH, length, dtype=torch.bool)
    gaps, resets = torch.zeros(BATCH, length), torch.zeros(BATCH, length, dtype=torch.bool)

    def ours(values: Tensor) -> Tensor:
        return layer(values, mask, gaps, resets, None, False)[0]

    return Contest(
        name=f"scan/layer forward+backward/{length}",
        ours=_backward(layer, ours, hidden),
        peers={PEER: _backward(theirs, theirs, hidden)},
        n_items=BATCH * length,
        item="steps",
        flops=6 * BATCH * length * WIDTH * (3 * WIDTH + 4 * D_STATE + 4),
        aim=1.5,
        note=f"{note}; the bridge's layer has a norm, a residual, faster decay, and no short convolution",
    )


def _alone(length: int) -> Contest:
    """The recurrence alone, in the sizes of the embedded default; its reference runs step by step."""
    torch.manual_seed(0)
    h, p, n = 4, 32, 32
    x, B, C = torch.randn(1, length, h, p), torch.randn(1, length, n), torch.randn(1, length, n)
    dt, A = 0.1 * torch.rand(1, length, h), -torch.linspace(0.25, 4.0, h)

    def by_elements() -> Tensor:
        """Every element of the state a channel of its own, which is what an elementwise scan can do."""
        from accelerated_scan.ref import scan

        gates = (dt * A).exp()[..., None, None].expand(1, length, h, p, n)
        written = dt[..., None, None] * x[..., None] * B[:, :, None, None]
        states = scan(gates.flatten(2).mT.contiguous(), written.flatten(2).mT.contiguous())
        return torch.einsum("bhpnl,bln->blhp", states.unflatten(1, (h, p, n)), C)

    peers: dict[str, Callable[[], Tensor]] = {
        "step by step": lambda: scan_reference(x, dt, A, B, C)[0],
        "scan_masked": lambda: scan_masked(x, dt, A, B, C)[0],
    }
    try:
        by_elements()
        peers["accelerated_scan.ref"] = by_elements
    except ImportError:
        pass
    return Contest(
        name=f"scan/alone forward/{length}",
        ours=lambda: scan_chunked(x, dt, A, B, C)[0],
        peers=peers,
        n_items=length,
        item="steps",
        error=_relative_error,
        error_limit=ERROR_LIMIT,
        flops=4 * length * h * p * n,
        n_bytes=4 * length * (2 * h * p + 2 * n + h),
    )


def _stream(n_steps: int = 100_000) -> Contest:
    """The last 1,000 of 100,000 steps with a carried state, against the first 1,000."""
    torch.manual_seed(0)
    h, p, n = 4, 32, 32
    x, B, C = torch.randn(1, h, p), torch.randn(1, n), torch.randn(1, n)
    dt, A = 0.1 * torch.rand(1, h), -torch.linspace(0.25, 4.0, h)
    state = torch.zeros(1, h, p, n)

    def steps(count: int) -> Timed:
        nonlocal state
        began = time.process_time()
        for _ in range(count):
            _, state = scan_step(x, dt, A, B, C, state)
        return Timed(time.process_time() - began)

    first = [steps(1000) for _ in range(3)]
    steps(n_steps)
    earlier = min(t.seconds for t in first)
    return Contest(
        name=f"scan/step 1000 after {n_steps}",
        ours=lambda: steps(1000),
        peers={"the first 1000": lambda: Timed(earlier)},
        n_items=1000,
        item="steps",
        note="1 is constant time; the state is the same few tensors throughout",
    )
