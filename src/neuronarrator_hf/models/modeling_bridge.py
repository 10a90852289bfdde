"""State-space bridge: what the windows before the current one have shown, at constant cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import ModelOutput

from .configuration_neuronarrator import NeuroNarratorBridgeConfig
from .initial_weights import init_by_fan_in
from .state_space import RESET_LOG_DECAY, scan_step, selective_scan

INITIAL_STEP = 0.5
INITIAL_HALF_LIVES = (2.0, 300.0)
"""Windows after which what was written is halved in the fastest and in the slowest head, before training."""


@dataclass
class BridgeState:
    """Everything carried from the windows seen to those to come; its size does not grow.

    Attributes:
        scan: `(batch, num_layers, num_heads, head_dim, d_state)` states of the layers.
        hidden: `(batch, hidden_size)` output for the last window seen.
        seen: `(batch,)` bool, whether a window has been seen since the start or the last reset.
        recent_tokens: `(batch, num_history_windows, num_eeg_tokens, size)` for `history="prompt"`, else None.
        recent_mask: `(batch, num_history_windows)` bool, or None.
    """

    scan: Tensor
    hidden: Tensor
    seen: Tensor
    recent_tokens: Tensor | None = None
    recent_mask: Tensor | None = None

    def map(self, function) -> BridgeState:
        """A state whose tensors went through `function` (detach, clone, to a device, an index)."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return BridgeState(**{name: None if v is None else function(v) for name, v in values.items()})

    def detach(self) -> BridgeState:
        """The state cut from the graph, for truncated backpropagation."""
        return self.map(torch.Tensor.detach)

    def to_dict(self) -> dict[str, Tensor]:
        """Tensors by name, as safetensors saves them."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value.contiguous() for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, values: dict[str, Tensor]) -> BridgeState:
        """The inverse of `to_dict`."""
        return cls(**values)


@dataclass
class BridgeOutput(ModelOutput):
    """Output of the bridge.

    Attributes:
        history_tokens: `(batch, n_windows, num_history_tokens, hidden_size)` about the windows before each.
        history_embedding: `(batch, n_windows, hidden_size)` the same in one vector.
        state: State after the last window.
    """

    history_tokens: Tensor | None = None
    history_embedding: Tensor | None = None
    state: BridgeState | None = None


class SelectiveStateSpaceLayer(GradientCheckpointingLayer):
    """Norm > projections > selective scan > gate > projection, with a residual.

    Mamba-2's block without its short convolution.
    """

    def __init__(self, config: NeuroNarratorBridgeConfig):
        super().__init__()
        size, self.num_heads, self.d_state = config.hidden_size, config.num_heads, config.d_state
        self.chunk_size = config.chunk_size
        self.norm = nn.LayerNorm(size)
        self.x_and_gate = nn.Linear(size, 2 * size)
        self.B_and_C = nn.Linear(size, 2 * config.d_state)
        self.dt = nn.Linear(size, config.num_heads)
        self.A_log = nn.Parameter(torch.zeros(config.num_heads))
        self.D = nn.Parameter(torch.ones(config.num_heads))
        self.gap_rate = nn.Parameter(torch.zeros(config.num_heads))
        self.out_norm = nn.LayerNorm(size)
        self.out = nn.Linear(size, size)

    def forward(
        self,
        hidden: Tensor,
        mask: Tensor,
        gap_windows: Tensor,
        is_reset: Tensor,
        state: Tensor | None,
        one_step: bool,
    ) -> tuple[Tensor, Tensor]:
        """`(batch, n_windows, size)` in and out, and the state after the last window.

        Args:
            hidden: Residual stream.
            mask: `(batch, n_windows)` bool; a masked window leaves the state as it is.
            gap_windows: `(batch, n_windows)` unrecorded time before each window, in windows.
            is_reset: `(batch, n_windows)` bool, forget what was before.
            state: `(batch, num_heads, head_dim, d_state)`, or None.
            one_step: Use the recurrence instead of the scan.
        """
        normed = self.norm(hidden)
        x, gate = self.x_and_gate(normed).chunk(2, -1)
        x = x.unflatten(-1, (self.num_heads, -1)).float()
        B, C = (v.float() for v in self.B_and_C(normed).chunk(2, -1))
        B = B / self.d_state**0.5
        dt = F.softplus(self.dt(normed).float()) * mask[..., None]
        A = -self.A_log.float().exp()
        log_decay = A * F.softplus(self.gap_rate.float()) * gap_windows[..., None].float()
        log_decay = log_decay.masked_fill(is_reset[..., None], RESET_LOG_DECAY)
        if one_step:
            y, state = scan_step(x[:, 0], dt[:, 0], A, B[:, 0], C[:, 0], state, log_decay[:, 0])
            y = y[:, None]
        else:
            y, state = selective_scan(
                x, dt, A, B, C, log_decay=log_decay, initial_state=state, chunk_size=self.chunk_size
            )
        y = (y + self.D.float()[:, None] * x).flatten(-2).to(hidden.dtype)
        return hidden + self.out(self.out_norm(y) * F.silu(gate)), state


class NeuroNarratorStateSpaceBridge(PreTrainedModel):
    """Windows in time order > selective state-space layers > history tokens about the windows before each.

    The history of a window is read before that window is written: it is the output for the window before
    it, decayed over a gap between the two, or a learned start where nothing was seen.
    """

    config_class = NeuroNarratorBridgeConfig
    config: NeuroNarratorBridgeConfig
    base_model_prefix = "bridge"
    main_input_name = "window_features"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _no_split_modules: ClassVar = ["SelectiveStateSpaceLayer"]

    def __init__(self, config: NeuroNarratorBridgeConfig, input_size: int):
        super().__init__(config)
        self.project = nn.Linear(input_size, config.hidden_size)
        self.layers = nn.ModuleList(SelectiveStateSpaceLayer(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(config.hidden_size)
        self.start = nn.Parameter(torch.zeros(config.hidden_size))
        self.hidden_gap_rate = nn.Parameter(torch.zeros(config.hidden_size))
        self.tokens_out = nn.Linear(config.hidden_size, config.num_history_tokens * config.hidden_size)
        self.token_norm = nn.LayerNorm(config.hidden_size)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        init_by_fan_in(self, module)
        if isinstance(module, NeuroNarratorStateSpaceBridge):
            init.normal_(module.start, std=1.0)
            init.constant_(module.hidden_gap_rate, -4.0)
        elif isinstance(module, SelectiveStateSpaceLayer):
            # A window is written with one weight into all heads, and halved in them after 2 to 300 windows:
            # long memory by small steps would be written too faintly to be found by training.
            step = torch.full((module.num_heads,), INITIAL_STEP)
            half_life = torch.logspace(*(math.log10(n) for n in INITIAL_HALF_LIVES), module.num_heads)
            init.copy_(module.A_log, torch.log(math.log(2) / (half_life * step)))
            init.copy_(module.dt.bias, torch.log(torch.expm1(step)))
            init.ones_(module.D)
            init.constant_(module.gap_rate, -3.0)

    def initial_state(self, batch_size: int) -> BridgeState:
        """The state before any window."""
        config, device = self.config, self.start.device
        head_dim = config.hidden_size // config.num_heads
        shape = (batch_size, config.num_layers, config.num_heads, head_dim, config.d_state)
        return BridgeState(
            scan=torch.zeros(shape, device=device),
            hidden=torch.zeros(batch_size, config.hidden_size, device=device, dtype=self.start.dtype),
            seen=torch.zeros(batch_size, dtype=torch.bool, device=device),
        )

    def forward(
        self,
        window_features: Tensor,
        window_mask: Tensor | None = None,
        gap_s: Tensor | None = None,
        state: BridgeState | None = None,
        one_step: bool = False,
    ) -> BridgeOutput:
        """History of every window.

        Args:
            window_features: `(batch, n_windows, input_size)` in time order.
            window_mask: `(batch, n_windows)` bool, False for padding.
            gap_s: `(batch, n_windows)` seconds without recording between each window and the one
                before it; beyond `reset_gap_s` the state is reset.
            state: State carried from earlier windows.
            one_step: Take a single window through the recurrence (see `step`).
        """
        batch_size, n_windows = window_features.shape[:2]
        if window_mask is None:
            window_mask = window_features.new_ones(batch_size, n_windows, dtype=torch.bool)
        mask = window_mask.bool()
        gap_s = window_features.new_zeros(batch_size, n_windows) if gap_s is None else gap_s.float()
        gap_s = gap_s.masked_fill(~mask, 0.0)
        is_reset = gap_s > self.config.reset_gap_s
        gap_windows = gap_s / self.config.window_s
        state = self.initial_state(batch_size) if state is None else state

        hidden = self.project(window_features.to(self.start.dtype))
        scans = []
        for i, layer in enumerate(self.layers):
            hidden, scan = layer(hidden, mask, gap_windows, is_reset, state.scan[:, i], one_step)
            scans.append(scan)
        hidden = self.norm(hidden)

        # The last window seen before each: index 0 is the carried one.
        known = torch.cat([state.hidden[:, None].to(hidden.dtype), hidden], dim=1)
        places = torch.arange(1, n_windows + 1, device=hidden.device) * mask
        latest = F.pad(places, (1, 0)).cummax(1).values
        before = known.gather(1, latest[:, :-1, None].expand(-1, -1, known.shape[-1]))
        was_seen = (latest[:, :-1] > 0) | state.seen[:, None]
        kept = torch.exp(-F.softplus(self.hidden_gap_rate) * gap_windows[..., None].to(hidden.dtype))
        kept = kept * (was_seen & ~is_reset)[..., None]
        before = self.start + (before - self.start) * kept

        tokens = self.tokens_out(before).unflatten(-1, (self.config.num_history_tokens, -1))
        last = known.gather(1, latest[:, -1:, None].expand(-1, -1, known.shape[-1]))[:, 0]
        after = BridgeState(scan=torch.stack(scans, 1), hidden=last, seen=state.seen | mask.any(1))
        return BridgeOutput(history_tokens=self.token_norm(tokens), history_embedding=before, state=after)

    def step(self, window_features: Tensor, state: BridgeState, gap_s: Tensor | None = None) -> BridgeOutput:
        """One window `(batch, input_size)` by the recurrence: the same as `forward` at constant cost."""
        gap_s = None if gap_s is None else gap_s[:, None]
        return self(window_features[:, None], gap_s=gap_s, state=state, one_step=True)


__all__ = ["BridgeOutput", "BridgeState", "NeuroNarratorStateSpaceBridge"]
