"""Narrate an EEG stream of the Lab Streaming Layer while it comes.

pip install 'neuronarrator_hf[lsl]'
python examples/stream_lsl.py [STREAM_NAME] [SECONDS] [MODEL]

Without a name the first stream of type EEG is taken; without seconds it goes on until Ctrl-C.
"""

from __future__ import annotations

import math
import sys

import numpy as np
import pylsl

from neuronarrator_hf import EEGStream, Narrator

JITTER_S = 0.5
"""Senders that stamp whole chunks are this unsteady; a longer leap of the times is missing samples."""
UNITS = {"microvolts": "uV", "uV": "uV", "millivolts": "mV", "mV": "mV", "volts": "V", "V": "V"}


def main(name: str = "", seconds: float | str = math.inf, model: str | None = None) -> None:
    found = pylsl.resolve_byprop("name" if name else "type", name or "EEG", timeout=10)
    if not found:
        sys.exit(f"no stream {name!r} of the Lab Streaming Layer answered within 10 s")
    inlet = pylsl.StreamInlet(found[0])
    labels, unit = channels_of(inlet.info())
    stream = EEGStream(
        Narrator.from_pretrained(model),
        labels,
        inlet.info().nominal_srate(),
        units=unit,
        tolerance_s=JITTER_S,
    )
    try:
        while stream.recording.duration_s < float(seconds):
            samples, times_s = inlet.pull_chunk(timeout=0.5)
            for window in stream.push(np.array(samples).reshape(-1, len(labels)).T, at_s=times_s):
                print(f"{window.start_s:g} s (after {stream.latency_s:.1f} s): {window.text}", flush=True)
    except KeyboardInterrupt:
        pass
    print(stream.close().text)


def channels_of(info: pylsl.StreamInfo) -> tuple[list[str], str]:
    """Labels and unit that the description of a stream gives."""
    labels, units = [], set()
    channel = info.desc().child("channels").child("channel")
    for _ in range(info.channel_count()):
        labels.append(channel.child_value("label"))
        units.add(channel.child_value("unit"))
        channel = channel.next_sibling("channel")
    unit = UNITS.get(units.pop()) if len(units) == 1 else None
    if unit is None or not all(labels):
        sys.exit("the stream does not describe its channels (label and one unit for all)")
    return labels, unit


if __name__ == "__main__":
    main(*sys.argv[1:])
