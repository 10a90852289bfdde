"""The demo under load: many visitors at once through its queue.

    python -m benchmarks.demo_load [--visitors 20] [--minutes 5] [--seconds 30] [--words "Default model"]

Starts the demo, lets every visitor upload and narrate a simulated recording over and over, and says how many
narrations were done, failed and how long they waited, how evenly the visitors were served, how the server's
memory went, and which temporary files were left.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from gradio_client import Client, handle_file

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.simulation.scenario import Scenario, render


@dataclass
class Visitor:
    took_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def stay(self, url: str, path: Path, words: str, until: float) -> None:
        client = Client(url, verbose=False, httpx_kwargs={"timeout": 120})
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                client.predict(handle_file(path), words, "ssm", "", api_name="/narrate")
                self.took_s.append(time.monotonic() - began)
            except Exception as error:
                self.errors.append(f"{type(error).__name__}: {error}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the recording")
    parser.add_argument("--words", default="Default model")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "server"
        root.mkdir()
        simulated = render(Scenario.draw(3, arguments.seconds / 60, setting="routine"))
        path = write_edf(
            Path(folder) / "load.edf", simulated.eeg_uv, list(simulated.ch_names), simulated.sfreq
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "neuronarrator_hf.cli", "app", "--port", str(port)]
        process = subprocess.Popen(
            command, env={**os.environ, "TMPDIR": str(root)}, stdout=subprocess.DEVNULL
        )
        try:
            return run(f"http://127.0.0.1:{port}", process.pid, root, path, arguments)
        finally:
            process.terminate()
            process.wait(60)


def run(url: str, pid: int, root: Path, path: Path, arguments: argparse.Namespace) -> int:
    while True:
        try:
            httpx.get(url)
            break
        except httpx.TransportError:
            time.sleep(0.5)
    Visitor().stay(url, path, arguments.words, time.monotonic() + 0.01)  # the model is loaded once
    server = psutil.Process(pid)
    memory_mb = [server.memory_info().rss / 1e6]
    until = time.monotonic() + 60 * arguments.minutes
    visitors = [Visitor() for _ in range(arguments.visitors)]
    threads = [
        threading.Thread(target=visitor.stay, args=(url, path, arguments.words, until))
        for visitor in visitors
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(5)
        memory_mb.append(server.memory_info().rss / 1e6)
    time.sleep(2)
    took_s = sorted(s for visitor in visitors for s in visitor.took_s)
    errors = [error for visitor in visitors for error in visitor.errors]
    done = [len(visitor.took_s) for visitor in visitors]
    left = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
    half = len(memory_mb) // 2
    print(
        f"{arguments.visitors} visitors, {arguments.minutes:g} min, {arguments.seconds:g} s of EEG each time"
    )
    print(f"narrations: {len(took_s)}, errors: {len(errors)} {sorted(set(errors))[:3]}")
    if took_s:
        print(f"wait and work: median {statistics.median(took_s):.1f} s, longest {took_s[-1]:.1f} s")
    print(f"narrations per visitor: {min(done)} to {max(done)}")
    print(
        f"memory: {memory_mb[0]:.0f} MB before, at most {max(memory_mb[:half] or memory_mb):.0f} MB in the "
        f"first half, {max(memory_mb[half:]):.0f} MB in the second"
    )
    print(f"temporary files left: {left or 'none'}")
    return 1 if errors or left else 0


if __name__ == "__main__":
    sys.exit(main())
