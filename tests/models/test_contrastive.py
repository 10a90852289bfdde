"""The contrastive loss: one function, whatever the number of processes."""

from __future__ import annotations

import pytest
import torch
import torch.multiprocessing as mp
from torch.nn import functional as F

from neuronarrator_hf.models.contrastive import contrastive_loss

SCALE = torch.tensor(10.0)


def make_pairs(n: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(F.normalize(torch.randn(n, 6, generator=generator), dim=-1) for _ in range(2))


def test_perfect_pairs_have_a_low_loss_and_shuffled_ones_a_high_one() -> None:
    eye = torch.eye(8)
    assert contrastive_loss(eye, eye, SCALE) < 1e-2 < contrastive_loss(eye, eye.roll(1, 0), SCALE)


def test_symmetric_and_free_of_order() -> None:
    a, b = make_pairs()
    order = torch.randperm(8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(contrastive_loss(a, b, SCALE), contrastive_loss(b, a, SCALE))
    torch.testing.assert_close(contrastive_loss(a, b, SCALE), contrastive_loss(a[order], b[order], SCALE))


def _process(rank: int, world: int, folder: str) -> None:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/init", rank=rank, world_size=world
    )
    part = slice(rank * 4, rank * 4 + 4)
    a, b = (v[part].clone().requires_grad_() for v in make_pairs())
    loss = contrastive_loss(a, b, SCALE, gather=True)
    loss.backward()
    torch.save([loss.detach(), a.grad, b.grad], f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_equal_one_in_value_and_gradient(tmp_path) -> None:
    mp.spawn(_process, args=(2, str(tmp_path)), nprocs=2)
    parts = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    a, b = (v.clone().requires_grad_() for v in make_pairs())
    loss = contrastive_loss(a, b, SCALE)
    loss.backward()
    torch.testing.assert_close(sum(p[0] for p in parts) / 2, loss.detach())
    # Gradients of the mean over processes, as a data-parallel loop averages them.
    for i, whole in ((1, a.grad), (2, b.grad)):
        torch.testing.assert_close(torch.cat([p[i] for p in parts]) / 2, whole, atol=1e-5, rtol=1e-4)


def test_negatives_of_the_same_recording_count_more() -> None:
    """A weight of 3 is the loss of a batch that holds each such negative three times."""
    torch.manual_seed(0)
    a, b = (torch.nn.functional.normalize(torch.randn(4, 5), dim=-1) for _ in range(2))
    recordings = torch.tensor([0, 0, 1, 1])
    scale = torch.tensor(2.0)
    weighted = contrastive_loss(a, b, scale, recordings=recordings, hard_weight=3.0)

    def one_way(queries, targets):
        similarity = scale * queries @ targets.T
        losses = []
        for i in range(4):
            times = torch.tensor(
                [3.0 if j != i and recordings[i] == recordings[j] else 1.0 for j in range(4)]
            )
            losses.append(-similarity[i, i] + (times * similarity[i].exp()).sum().log())
        return torch.stack(losses).mean()

    torch.testing.assert_close(weighted, (one_way(a, b) + one_way(b, a)) / 2)
    plain = contrastive_loss(a, b, scale)
    assert torch.equal(contrastive_loss(a, b, scale, recordings=recordings, hard_weight=1.0), plain)
