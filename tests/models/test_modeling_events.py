"""What several rows show at one instant, which rows summed up over time cannot tell."""

from __future__ import annotations

import torch

from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorWaveformConfig
from neuronarrator_hf.models.initial_weights import init_by_fan_in
from neuronarrator_hf.models.modeling_events import EVENT_EVIDENCE_SIZE, EVENT_SIZE, EventFields, shifted
from neuronarrator_hf.models.modeling_sites import NUM_ROWS
from neuronarrator_hf.models.modeling_waveform import NeuroNarratorWaveformEncoder, RowConvolutions
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions

FRAME_SIZE, N_FRAMES = 6, 40


def make_events() -> EventFields:
    torch.manual_seed(0)
    events = EventFields(FRAME_SIZE)
    with torch.no_grad():
        for layer in (events.kinds, events.field, *events.layers, *events.norms):
            init_by_fan_in(None, layer)
    return events


def train_together_against_apart(events: EventFields, steps: int) -> float:
    """Share of windows told right: two rows sharp in the same frames, or each in frames of its own."""
    generator = torch.Generator().manual_seed(0)
    read = torch.nn.Linear(EVENT_EVIDENCE_SIZE, 1)
    optimizer = torch.optim.Adam([*events.parameters(), *read.parameters()], 3e-3)
    mask = torch.ones(32, NUM_ROWS, dtype=torch.bool)

    def batch() -> tuple[torch.Tensor, torch.Tensor]:
        frames = 0.1 * torch.randn(32, NUM_ROWS, N_FRAMES, FRAME_SIZE, generator=generator)
        together = torch.rand(32, generator=generator) < 0.5
        for i in range(32):
            at = torch.randperm(N_FRAMES, generator=generator)[:8]
            frames[i, 3, at[:4], 0] += 2.0
            frames[i, 30, at[:4] if together[i] else at[4:], 0] += 2.0
        return frames, together.float()

    for _ in range(steps):
        frames, together = batch()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            read(events(frames, mask))[:, 0], together
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        told = [((read(events(f, mask))[:, 0] > 0) == t.bool()) for f, t in (batch() for _ in range(6))]
    return float(torch.cat(told).float().mean())


def test_events_at_the_same_instant_are_told_from_events_apart() -> None:
    assert train_together_against_apart(make_events(), steps=60) > 0.95


def test_a_row_summed_up_over_time_keeps_no_instant_but_its_events_do() -> None:
    torch.manual_seed(0)
    convolutions = RowConvolutions(NeuroNarratorWaveformConfig(conv_channels=8, num_conv_layers=1)).eval()
    rows = torch.zeros(1, NUM_ROWS, 1000)
    rows[:, [3, 30], 200] = 5.0
    apart = rows.clone()
    apart[:, 30] = apart[:, 30].roll(400, dims=-1)
    mask = torch.ones(1, NUM_ROWS, dtype=torch.bool)
    events = EventFields(convolutions.frame_size).eval()
    with torch.no_grad():
        (pooled, frames), (pooled_apart, frames_apart) = convolutions(rows), convolutions(apart)
        together, lone = events(frames, mask), events(frames_apart, mask)
    torch.testing.assert_close(pooled, pooled_apart, atol=1e-5, rtol=1e-5)
    assert (together - lone).abs().max() > 0.05


def test_masked_rows_have_no_say() -> None:
    events = make_events()
    frames, mask = torch.randn(2, NUM_ROWS, N_FRAMES, FRAME_SIZE), torch.rand(2, NUM_ROWS) < 0.5
    other = torch.where(mask[:, :, None, None], frames, 100.0)
    torch.testing.assert_close(events(frames, mask), events(other, mask))
    assert events(frames, mask).shape == (2, 3 * EVENT_SIZE)


def test_a_third_looks_back_and_a_third_ahead() -> None:
    frames = torch.arange(5.0)[:, None].expand(5, 3)
    assert shifted(frames, 1).T.tolist() == [[0, 0, 1, 2, 3], [0, 1, 2, 3, 4], [1, 2, 3, 4, 0]]


def test_events_start_without_a_say_and_are_learned() -> None:
    torch.manual_seed(0)
    encoder = NeuroNarratorWaveformEncoder(
        NeuroNarratorWaveformConfig(conv_channels=8, num_conv_layers=1)
    ).eval()
    eeg_uv, positions = (
        20 * torch.randn(1, 1, 19, 2000),
        torch.as_tensor(electrode_positions(SITES_1020))[None].float(),
    )
    before = encoder(eeg_uv, positions)
    with torch.no_grad():
        for parameter in encoder.events.parameters():
            parameter.normal_()
    after = encoder(eeg_uv, positions)
    assert torch.equal(before.pooler_output, after.pooler_output)
    assert not torch.allclose(before.event_evidence, after.event_evidence)
    after.pooler_output.square().sum().backward()
    assert encoder.event_summary.weight.grad.abs().sum() > 0
