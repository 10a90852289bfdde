"""The scans are one function: the same values and gradients for any split of the sequence."""

from __future__ import annotations

import sys
import types

import pytest
import torch

from neuronarrator_hf.models import state_space
from neuronarrator_hf.models.state_space import (
    RESET_LOG_DECAY,
    scan_chunked,
    scan_masked,
    scan_reference,
    scan_step,
    selective_scan,
)


def make_inputs(length: int, seed: int = 0, with_gaps: bool = True):
    generator = torch.Generator().manual_seed(seed)
    b, h, p, n = 2, 3, 4, 5

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    x, B, C = normal(b, length, h, p), normal(b, length, n), normal(b, length, n)
    dt = torch.nn.functional.softplus(normal(b, length, h))
    A = -normal(h).exp()
    log_decay = torch.zeros(b, length, h)
    if with_gaps:
        log_decay[0, length // 3] = -2.0
        log_decay[1, length // 2] = RESET_LOG_DECAY
        dt[1, : length // 4] = 0.0  # padding
    state = normal(b, h, p, n)
    return [v.requires_grad_() for v in (x, dt, A, B, C)], log_decay, state.requires_grad_()


def value_and_gradients(scan, inputs, log_decay, state):
    y, last = scan(*inputs, log_decay=log_decay, initial_state=state)
    weights = torch.linspace(-1, 1, y.numel()).view_as(y)
    gradients = torch.autograd.grad((y * weights).sum() + last.sin().sum(), [*inputs, state])
    return [y, last, *gradients]


@pytest.mark.parametrize("scan", [scan_chunked, scan_masked])
@pytest.mark.parametrize(("length", "chunk_size"), [(1, 4), (7, 4), (8, 4), (64, 16), (150, 64)])
def test_chunked_equals_reference_in_value_and_gradient(length, chunk_size, scan) -> None:
    inputs, log_decay, state = make_inputs(length)
    wanted = value_and_gradients(scan_reference, inputs, log_decay, state)

    def chunked(*args, **kwargs):
        return scan(*args, chunk_size=chunk_size, **kwargs)

    for a, b in zip(wanted, value_and_gradients(chunked, inputs, log_decay, state), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("split", [(1, 39), (13, 27), (8, 8, 24), (1,) * 40])
def test_any_split_with_carried_state_is_the_whole(split) -> None:
    inputs, log_decay, state = make_inputs(40)

    def in_parts(x, dt, A, B, C, log_decay, initial_state):
        outputs, start, carried = [], 0, initial_state
        for n in split:
            part = slice(start, start + n)
            y, carried = scan_chunked(
                x[:, part], dt[:, part], A, B[:, part], C[:, part],
                log_decay=log_decay[:, part], initial_state=carried, chunk_size=16,
            )  # fmt: skip
            outputs.append(y)
            start += n
        return torch.cat(outputs, 1), carried

    wanted = value_and_gradients(scan_reference, inputs, log_decay, state)
    for a, b in zip(wanted, value_and_gradients(in_parts, inputs, log_decay, state), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_step_is_one_step_of_the_scan() -> None:
    (x, dt, A, B, C), log_decay, state = make_inputs(6)
    y, last = scan_chunked(x, dt, A, B, C, log_decay=log_decay, initial_state=state)
    carried, outputs = state, []
    for t in range(6):
        y_t, carried = scan_step(x[:, t], dt[:, t], A, B[:, t], C[:, t], carried, log_decay[:, t])
        outputs.append(y_t)
    torch.testing.assert_close(y, torch.stack(outputs, 1), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(last, carried, atol=1e-4, rtol=1e-4)


def test_reset_forgets_everything_before() -> None:
    (x, dt, A, B, C), _, state = make_inputs(20, with_gaps=False)
    log_decay = torch.zeros(2, 20, 3)
    log_decay[:, 10] = RESET_LOG_DECAY
    y, last = scan_chunked(x, dt, A, B, C, log_decay=log_decay, initial_state=state, chunk_size=8)
    y_alone, last_alone = scan_reference(x[:, 10:], dt[:, 10:], A, B[:, 10:], C[:, 10:])
    torch.testing.assert_close(y[:, 10:], y_alone, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(last, last_alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("strength", [0.0, 1.0, 10.0, 100.0, 5000.0])
def test_any_strength_of_decay_costs_no_precision(strength) -> None:
    """Chunks shrink with the decay; resets stand anywhere among weak and strong decays."""
    (x, dt, A, B, C), log_decay, state = make_inputs(96)
    log_decay = log_decay - strength * torch.rand(2, 96, 3, generator=torch.Generator().manual_seed(1)) ** 4
    log_decay[:, [5, 6, 7, 40]] = RESET_LOG_DECAY
    inputs = [x, (dt * 0.1).detach().requires_grad_(), A, B, C]
    wanted = value_and_gradients(scan_reference, inputs, log_decay, state)
    for a, b in zip(wanted, value_and_gradients(scan_chunked, inputs, log_decay, state), strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=2e-5)


def test_gradients_are_the_derivatives() -> None:
    inputs, log_decay, state = make_inputs(7)
    doubles = [v.detach().double().requires_grad_() for v in (*inputs, state)]

    def scan(x, dt, A, B, C, initial_state):
        decay = log_decay.double().clamp_min(-3.0)
        return scan_chunked(x, dt, A, B, C, log_decay=decay, initial_state=initial_state, chunk_size=3)

    assert torch.autograd.gradcheck(scan, doubles)


def test_what_comes_later_changes_no_bit_of_an_output() -> None:
    (x, dt, A, B, C), _, _ = make_inputs(32, with_gaps=False)
    y, _ = scan_chunked(x, dt, A, B, C, chunk_size=16)
    later = [v.detach().clone() for v in (x, dt, B, C)]
    for values in later:
        values[:, 20:] *= 1.5
    changed, _ = scan_chunked(later[0], later[1], A, *later[2:], chunk_size=16)
    assert torch.equal(y[:, :20], changed[:, :20])
    assert not torch.equal(y[:, 20:], changed[:, 20:])


def test_it_compiles_without_a_graph_break() -> None:
    inputs, log_decay, state = make_inputs(20)
    compiled = torch.compile(selective_scan, fullgraph=True, backend="eager")
    for a, b in zip(
        compiled(*inputs, log_decay=log_decay, initial_state=state, chunk_size=8),
        selective_scan(*inputs, log_decay=log_decay, initial_state=state, chunk_size=8),
        strict=True,
    ):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_autocast_leaves_the_scan_in_float32() -> None:
    inputs, log_decay, state = make_inputs(40)
    wanted = value_and_gradients(scan_chunked, inputs, log_decay, state)

    def within_autocast(*args, **kwargs):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return scan_chunked(*args, **kwargs)

    for a, b in zip(wanted, value_and_gradients(within_autocast, inputs, log_decay, state), strict=True):
        assert torch.equal(a, b)


def test_a_loss_and_its_gradient_under_autocast() -> None:
    """Some inputs come in half precision then, and the caller may run the backward pass there as well."""
    (x, dt, A, B, C), log_decay, state = make_inputs(40)
    x, B, C = (v.detach().bfloat16().requires_grad_() for v in (x, B, C))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, _ = scan_chunked(x, dt, A, B, C, log_decay=log_decay, initial_state=state)
        y.square().mean().backward()
    exact = [v.detach().float().requires_grad_() for v in (x, B, C)]
    wanted, _ = scan_reference(exact[0], dt, A, *exact[1:], log_decay=log_decay, initial_state=state)
    wanted.square().mean().backward()
    torch.testing.assert_close(y, wanted, atol=1e-4, rtol=1e-4)
    for got, true in zip((x, B, C), exact, strict=True):
        torch.testing.assert_close(got.grad.float(), true.grad, atol=1e-3, rtol=2e-2)


@pytest.fixture
def fake_mamba(monkeypatch):
    """A `mamba_ssm` that imports and fails when it is called."""

    def kernel(*args, **kwargs):
        raise AssertionError("the CUDA kernel saw a tensor on the CPU")

    names = ["mamba_ssm", "mamba_ssm.ops", "mamba_ssm.ops.triton", "mamba_ssm.ops.triton.ssd_combined"]
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[names[-1]].mamba_chunk_scan_combined = kernel
    state_space._fused_kernel.cache_clear()
    yield kernel
    state_space._fused_kernel.cache_clear()


def test_an_importable_mamba_ssm_never_sees_a_cpu_tensor(fake_mamba) -> None:
    assert state_space._fused_kernel() is fake_mamba
    inputs, log_decay, state = make_inputs(9)
    y, _ = selective_scan(*inputs, log_decay=log_decay, initial_state=state)
    torch.testing.assert_close(y, scan_reference(*inputs, log_decay=log_decay, initial_state=state)[0])


def test_kernel_arguments_are_the_same_recurrence(monkeypatch) -> None:
    """The longer step and smaller input that stand for the extra decay, on a stand-in for the kernel."""

    def kernel(x, dt, A, B, C, chunk_size, *, initial_states, return_final_states):
        assert return_final_states
        return scan_reference(x, dt, A, B[:, :, 0], C[:, :, 0], initial_state=initial_states)

    inputs, log_decay, state = make_inputs(30)
    wanted = scan_reference(*inputs, log_decay=log_decay, initial_state=state)
    made = state_space._call_fused(kernel, *inputs, log_decay=log_decay, initial_state=state, chunk_size=8)
    for a, b in zip(wanted, made, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_an_unusable_mamba_ssm_is_passed_over(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "mamba_ssm", types.ModuleType("mamba_ssm"))  # has no .ops
    state_space._fused_kernel.cache_clear()
    assert state_space._fused_kernel() is None
    state_space._fused_kernel.cache_clear()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_scan_on_a_gpu_equals_the_reference() -> None:
    inputs, log_decay, state = make_inputs(150)
    wanted = scan_reference(*inputs, log_decay=log_decay, initial_state=state)[0]
    made, _ = selective_scan(
        *(v.cuda() for v in inputs), log_decay=log_decay.cuda(), initial_state=state.cuda()
    )
    torch.testing.assert_close(wanted, made.cpu(), atol=1e-3, rtol=1e-3)
