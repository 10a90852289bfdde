"""Replay a recording as if it came live: a narrative at each ten seconds, and the report when it ends.

python examples/stream_file.py recording.edf [MODEL] [SPEED]

SPEED 1 plays in real time, 0 (the default) as fast as the machine can.
"""

from __future__ import annotations

import sys
import time

from neuronarrator_hf import EEGStream, Narrator
from neuronarrator_hf.recording.reading import read_recording

CHUNK_S = 0.25


def main(path: str, model: str | None = None, speed: float | str = 0.0) -> None:
    recording = read_recording(path)
    stream = EEGStream(Narrator.from_pretrained(model), recording.ch_names, recording.sfreq, units="uV")
    step = max(round(CHUNK_S * recording.sfreq), 1)
    for first, stop in recording.spans:  # gaps of the recording are gaps of the stream
        for start in range(first, stop, step):
            chunk_uv = recording.read_uv(start, min(start + step, stop))
            for window in stream.push(chunk_uv, at_s=start / recording.sfreq):
                told = f"{window.start_s:g} to {window.end_s:g} s (after {stream.latency_s:.1f} s)"
                print(f"{told}: {window.text}")
            if float(speed) > 0:
                time.sleep(CHUNK_S / float(speed))
    print(stream.close().text)


if __name__ == "__main__":
    main(*sys.argv[1:])
