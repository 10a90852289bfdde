"""Averaged weights against their formula."""

from __future__ import annotations

import torch

from neuronarrator_hf.training.ema import WeightAverage


def test_average_follows_the_formula_and_gives_the_weights_back():
    model = torch.nn.Linear(1, 1, bias=False)
    values = [float(v) for v in torch.randn(30, generator=torch.Generator().manual_seed(0))]
    average, expected = WeightAverage(model, 0.9), model.weight.item()
    for n, value in enumerate(values, start=1):
        torch.nn.init.constant_(model.weight, value)
        average.update()
        decay = min(0.9, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * value
    with average.applied():
        torch.testing.assert_close(model.weight.item(), expected, rtol=1e-5, atol=1e-6)
    assert model.weight.item() == torch.tensor(values[-1]).item()

    again = WeightAverage(torch.nn.Linear(1, 1, bias=False), 0.9)
    again.load_state_dict(average.state_dict())
    assert again.n_updates == 30 and torch.equal(again._average[0], average._average[0])


def test_frozen_weights_are_not_averaged():
    model = torch.nn.Linear(2, 2)
    model.bias.requires_grad_(False)
    assert [v.shape for v in WeightAverage(model, 0.9).state_dict()["average"]] == [(2, 2)]
