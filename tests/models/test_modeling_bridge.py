"""The bridge describes the windows before each, and carries a state of fixed size."""

from __future__ import annotations

import math

import pytest
import torch
from safetensors.torch import load_file, save_file

from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorBridgeConfig
from neuronarrator_hf.models.modeling_bridge import BridgeState, NeuroNarratorStateSpaceBridge

CLOSE = dict(atol=1e-4, rtol=1e-4)


@pytest.fixture
def bridge() -> NeuroNarratorStateSpaceBridge:
    torch.manual_seed(0)
    config = NeuroNarratorBridgeConfig(
        hidden_size=16, num_layers=2, num_heads=2, d_state=4, num_history_tokens=3, chunk_size=8
    )
    return NeuroNarratorStateSpaceBridge(config, input_size=10).eval()


def make_sequence(n_windows: int = 30, batch_size: int = 2):
    features = torch.randn(batch_size, n_windows, 10, generator=torch.Generator().manual_seed(1))
    gap_s = torch.zeros(batch_size, n_windows)
    gap_s[0, n_windows // 4], gap_s[1, 2 * n_windows // 3] = 45.0, 5000.0
    return features, gap_s


@pytest.mark.parametrize("split", [(30,), (1, 29), (11, 19), (1,) * 30])
def test_any_split_is_the_whole(bridge, split) -> None:
    features, gap_s = make_sequence()
    whole = bridge(features, gap_s=gap_s)
    state, parts = None, []
    for piece, gaps in zip(features.split(split, 1), gap_s.split(split, 1), strict=True):
        output = bridge(piece, gap_s=gaps, state=state)
        parts.append(output.history_tokens)
        state = output.state
    torch.testing.assert_close(torch.cat(parts, 1), whole.history_tokens, **CLOSE)
    torch.testing.assert_close(state.scan, whole.state.scan, **CLOSE)


def test_step_equals_scan_in_value_and_gradient(bridge) -> None:
    features, gap_s = make_sequence(12)

    def by_steps():
        state, outputs = bridge.initial_state(2), []
        for t in range(12):
            output = bridge.step(features[:, t], state, gap_s[:, t])
            outputs.append(output.history_tokens)
            state = output.state
        return torch.cat(outputs, 1)

    scanned, stepped = bridge(features, gap_s=gap_s).history_tokens, by_steps()
    torch.testing.assert_close(scanned, stepped, **CLOSE)
    parameters = list(bridge.parameters())
    weights = torch.linspace(-1, 1, scanned.numel()).view_as(scanned)
    wanted = torch.autograd.grad((scanned * weights).sum(), parameters, allow_unused=True)
    made = torch.autograd.grad((stepped * weights).sum(), parameters, allow_unused=True)
    for a, b in zip(wanted, made, strict=True):
        if a is not None or b is not None:
            torch.testing.assert_close(a, b, **CLOSE)


def test_history_does_not_see_the_current_window(bridge) -> None:
    features, _ = make_sequence()
    changed = features.clone()
    changed[:, 10] += 5.0
    before, after = bridge(features).history_tokens, bridge(changed).history_tokens
    assert torch.equal(before[:, :11], after[:, :11])
    assert (before[:, 11] - after[:, 11]).abs().max() > 1e-3


def test_left_padding_changes_nothing(bridge) -> None:
    features, _ = make_sequence(5)
    padded = torch.cat([torch.full((2, 3, 10), 7.0), features], dim=1)
    mask = torch.tensor([[False] * 3 + [True] * 5] * 2)
    a, b = bridge(features), bridge(padded, mask)
    torch.testing.assert_close(a.history_tokens, b.history_tokens[:, 3:], **CLOSE)
    torch.testing.assert_close(a.state.scan, b.state.scan, **CLOSE)
    torch.testing.assert_close(a.state.hidden, b.state.hidden, **CLOSE)


def test_a_fully_masked_call_leaves_the_state_as_it_is(bridge) -> None:
    features, _ = make_sequence(5)
    state = bridge(features).state
    after = bridge(features, torch.zeros(2, 5, dtype=torch.bool), state=state).state
    torch.testing.assert_close(after.scan, state.scan, **CLOSE)
    torch.testing.assert_close(after.hidden, state.hidden, **CLOSE)


def test_a_long_gap_resets(bridge) -> None:
    features, _ = make_sequence(10)
    gap_s = torch.zeros(2, 10)
    gap_s[:, 6] = bridge.config.reset_gap_s + 1
    torch.testing.assert_close(
        bridge(features, gap_s=gap_s).history_tokens[:, 6:], bridge(features[:, 6:]).history_tokens, **CLOSE
    )


def test_a_longer_gap_decays_the_history_more(bridge) -> None:
    features, _ = make_sequence(6)
    start = bridge.start.detach()

    def distance(gap: float) -> float:
        gap_s = torch.zeros(2, 6)
        gap_s[:, 5] = gap
        return (bridge(features, gap_s=gap_s).history_embedding[:, 5] - start).norm().item()

    assert distance(0) > distance(120) > distance(500) > 0


def test_state_has_a_fixed_size_and_survives_saving(bridge, tmp_path) -> None:
    features, _ = make_sequence(40)
    short, long = bridge(features[:, :1]).state, bridge(features).state
    assert {k: v.shape for k, v in short.to_dict().items()} == {k: v.shape for k, v in long.to_dict().items()}
    save_file(long.detach().to_dict(), tmp_path / "state.safetensors")
    loaded = BridgeState.from_dict(load_file(tmp_path / "state.safetensors"))
    a = bridge(features[:, :3], state=long).history_tokens
    assert torch.equal(a, bridge(features[:, :3], state=loaded).history_tokens)


def test_memory_reaches_sixty_windows_back(bridge) -> None:
    features, _ = make_sequence(62)
    changed = features.clone()
    changed[:, 0] += 3.0
    difference = bridge(features).history_tokens[:, 61] - bridge(changed).history_tokens[:, 61]
    assert difference.abs().max() > 1e-5


def test_half_lives_before_training_reach_from_two_to_three_hundred_windows(bridge) -> None:
    for layer in bridge.layers:
        step = torch.nn.functional.softplus(layer.dt.bias)
        half_lives = math.log(2) / (step * layer.A_log.exp())
        torch.testing.assert_close(half_lives, torch.tensor([2.0, 300.0]))
        torch.testing.assert_close(step, torch.full((2,), 0.5))


def test_it_learns_to_remember_sixty_windows() -> None:
    """The first window says one of two things, all others noise; sequences of all lengths teach it."""
    torch.manual_seed(0)
    config = NeuroNarratorBridgeConfig(
        hidden_size=32, num_layers=2, num_heads=4, d_state=8, num_history_tokens=2
    )
    bridge, told = NeuroNarratorStateSpaceBridge(config, input_size=6), torch.nn.Linear(32, 2)
    optimizer = torch.optim.Adam([*bridge.parameters(), *told.parameters()], lr=5e-3)

    def batch(n: int, back: int):
        features, says = torch.randn(n, back + 1, 6), torch.randint(0, 2, (n,))
        features[..., :2] = 0.0
        features[:, 0, 0], features[:, 0, 1] = 1.0, 2.0 * says - 1
        return told(bridge(features).history_embedding[:, -1]), says

    for step in range(120):
        logits, says = batch(32, (1, 4, 16, 60)[step % 4])
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, says).backward()
        optimizer.step()
    with torch.no_grad():
        logits, says = batch(300, 60)
    assert (logits.argmax(-1) == says).float().mean() > 0.9
