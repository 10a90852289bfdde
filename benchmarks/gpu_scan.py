"""The scan on a GPU: ours plain and compiled, mamba_ssm's fused kernel, the recurrence as the measure.

python benchmarks/gpu_scan.py [--lengths 12 64 512 2048 8192] [--device cuda]

One line of JSON per length and way: milliseconds forward and forward with backward (median of the rounds,
with the fastest and the slowest), and the largest error of value and gradient against the recurrence in
float64. A way that is not installed is left out by name. Without a GPU it is a rehearsal on short sequences.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import torch
from torch import Tensor

from neuronarrator_hf.models import state_space

BATCH, HEADS, CHANNELS, STATE = 8, 8, 64, 64
_CHECKED_LENGTH = 512  # the recurrence is slow: longer ones are timed, not compared


def inputs_of(length: int, device: torch.device) -> list[Tensor]:
    """x, dt, A, B and C of the scan."""
    make = torch.Generator().manual_seed(length)
    x = torch.randn(BATCH, length, HEADS, CHANNELS, generator=make)
    dt = torch.rand(BATCH, length, HEADS, generator=make) * 0.1
    A = -torch.rand(HEADS, generator=make) - 0.1
    B, C = (torch.randn(BATCH, length, STATE, generator=make) / STATE**0.5 for _ in range(2))
    return [v.to(device).requires_grad_() for v in (x, dt, A, B, C)]


def ways(device: torch.device) -> dict[str, Callable]:
    """Name and function of everything that runs here."""
    backend = "inductor" if device.type == "cuda" else "aot_eager"  # a rehearsal makes no kernels
    found: dict[str, Callable] = {
        "ours": state_space.scan_chunked,
        "ours, compiled": torch.compile(state_space.scan_masked, dynamic=False, backend=backend),
    }
    fused = state_space._fused_kernel() if device.type == "cuda" else None
    if fused is None:
        print(json.dumps({"left_out": "mamba_ssm: not installed or no GPU"}), flush=True)
    else:
        found["mamba_ssm, fused"] = state_space.selective_scan
    return found


def milliseconds(work: Callable[[], object], device: torch.device, rounds: int) -> dict[str, float]:
    """Median, fastest and slowest round after three to warm up."""
    times = []
    for i in range(rounds + 3):
        if device.type == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if i >= 3:
            times.append(1e3 * (time.perf_counter() - started))
    times.sort()
    shown = {"ms": times[len(times) // 2], "fastest": times[0], "slowest": times[-1]}
    return {name: round(value, 3) for name, value in shown.items()}


def largest_errors(scan: Callable, length: int, device: torch.device) -> dict[str, float]:
    """Of the output and of all gradients, relative to the largest entry, against float64."""
    given = inputs_of(length, device)
    exact = [v.detach().double().requires_grad_() for v in given]
    y, _ = scan(*given)
    wanted, _ = state_space.scan_reference(*exact)
    y.square().sum().backward()
    wanted.square().sum().backward()

    def error(a: Tensor, b: Tensor) -> float:
        return float(((a.double() - b).abs().max() / b.abs().max()).detach())

    gradients = [error(a.grad, b.grad) for a, b in zip(given, exact, strict=True)]
    return {"error": error(y, wanted), "gradient_error": max(gradients)}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    on_gpu = torch.cuda.is_available()
    lengths = [12, 64, 512, 2048, 8192] if on_gpu else [12, 64]
    parser.add_argument("--lengths", type=int, nargs="*", default=lengths)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--rounds", type=int, default=15 if on_gpu else 1)
    options = parser.parse_args(argv)
    device = torch.device(options.device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    for way, scan in ways(device).items():
        for length in options.lengths:
            given = inputs_of(length, device)

            def forward(scan: Callable = scan, given: list[Tensor] = given) -> Tensor:
                with torch.no_grad():
                    return scan(*given)[0]

            def both(scan: Callable = scan, given: list[Tensor] = given) -> None:
                scan(*given)[0].square().sum().backward()

            told = {
                "way": way,
                "device": name,
                "length": length,
                "forward": milliseconds(forward, device, options.rounds),
                "forward_backward": milliseconds(both, device, options.rounds),
            }
            if length <= _CHECKED_LENGTH:
                told |= largest_errors(scan, length, device)
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
