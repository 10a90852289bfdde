"""Windows per second on the device at hand: simulation, encoding, a training step, narration.

python benchmarks/gpu_throughput.py [--preset small] [--device cuda] [--batch 32]

One line of JSON per measure: the fastest and the slowest round. Without a GPU it is a rehearsal with two
sequences on the CPU.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from neuronarrator_hf.simulation.batch import simulate_windows
from neuronarrator_hf.training.arguments import load_arguments
from neuronarrator_hf.training.parts import new_parts
from neuronarrator_hf.training.texts import TextEncoder

N_WINDOWS = 6
TEXT = "Posterior dominant rhythm of 10 Hz, 40 uV. No epileptiform discharges are seen."


PEAK_BF16 = {"NVIDIA H100 80GB HBM3": 989e12, "NVIDIA H200": 989e12}
"""Dense bfloat16 operations per second by the makers' data sheets."""


def training_flops(step: Callable[[], object]) -> int:
    """Operations of the matrix products of a step, forward and backward, as torch counts them."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def measure(
    name: str,
    n_windows: int,
    work: Callable[[], object],
    device: torch.device,
    rounds: int,
    flops: int | None = None,
) -> None:
    """Time `work` after one round of warming up; `flops` adds the share of the device's peak."""
    seconds = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    times = np.array(seconds[1:])
    told = {
        "what": name,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "windows_per_s": round(n_windows / times.min(), 1),
        "slowest_windows_per_s": round(n_windows / times.max(), 1),
    }
    if flops is not None:
        told["tflop_per_s"] = round(flops / times.min() / 1e12, 2)
        peak = PEAK_BF16.get(str(told["device"]))
        told["share_of_peak"] = None if peak is None else round(flops / times.min() / peak, 4)
    print(json.dumps(told), flush=True)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--preset", default="small")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    on_gpu = torch.cuda.is_available()
    parser.add_argument("--batch", type=int, default=32 if on_gpu else 2, help="sequences of six windows")
    parser.add_argument("--rounds", type=int, default=5 if on_gpu else 1)
    options = parser.parse_args(argv)
    device, n = torch.device(options.device), options.batch * N_WINDOWS
    measure(
        "simulation",
        n,
        lambda: simulate_windows(options.batch, N_WINDOWS, 1, xp=torch, device=device),
        device,
        options.rounds,
    )
    parts = new_parts(load_arguments(options.preset), [TEXT] * 50)
    model = parts.model.to(device)
    eeg_uv = simulate_windows(options.batch, N_WINDOWS, 1).eeg_uv
    inputs = {k: v.to(device) for k, v in parts.encode(eeg_uv, np.ones(eeg_uv.shape[:3], bool)).items()}
    tokenizer = parts.processor.tokenizer
    text = TextEncoder(parts.prompt_ids, tokenizer, 256)([TEXT] * options.batch)
    text = {name: value.to(device) for name, value in text.items()}
    ids = torch.tensor([parts.prompt_ids] * options.batch, device=device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)

    def training_step() -> None:
        model.train()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = model(**inputs, **text).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    @torch.no_grad()
    def encode() -> None:
        model.eval().get_window_features(**inputs)

    def narrate() -> None:
        model.eval().generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            **inputs,
            max_new_tokens=64,
            min_new_tokens=64,
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
        )

    measure("encoding", n, encode, device, options.rounds)
    flops = training_flops(training_step)
    measure("training step, bfloat16", n, training_step, device, options.rounds, flops)
    measure("narration, 64 tokens a window", options.batch, narrate, device, options.rounds)


if __name__ == "__main__":
    main()
