"""Narrate a recording with the transformers pipeline: the report, and each segment with its checked claims.

python examples/narrate_file.py recording.edf [MODEL]
"""

from __future__ import annotations

import sys

from transformers import pipeline

import neuronarrator_hf  # noqa: F401  (registers eeg-to-text)


def main(recording: str, model: str | None = None) -> None:
    narrate = pipeline("eeg-to-text", model=model)  # without a name: the embedded default, offline
    narration = narrate(recording)
    print(narration["text"], "\n")
    for chunk in narration["chunks"]:
        start_s, end_s = chunk["timestamp"]
        print(f"{start_s:g} to {end_s:g} s: {chunk['text']}")
        for claim in chunk["claims"]:
            print(f"    {claim['status']:13}{claim['polarity']:9}{claim['finding']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
