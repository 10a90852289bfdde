"""Sentences of people with the claims they make, one file a style."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from neuronarrator_hf.findings.schema import Change, Claim
from neuronarrator_hf.findings.vocabulary import PREVALENCES, REGIONS, SIDES


def load(name: str = "human_sentences") -> list[dict]:
    """The sentences in their order; of `human_sentences` every third is held out."""
    return yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8"))


def is_held_out(index: int) -> bool:
    return index % 3 == 2


def decode(line: str) -> Claim:
    """A claim from its short form, as the head of the file describes it."""
    finding, *words = line.split()
    values: dict = {}
    for word in words:
        if word in ("absent", "not_assessed"):
            values["polarity"] = word
        elif word == "hedged":
            values["hedged"] = True
        elif word in SIDES:
            values["side"] = word
        elif word in PREVALENCES:
            values["prevalence"] = word
        elif word.startswith("change:"):
            direction, _, since = word[7:].partition("@")
            values["change"] = Change(direction, float(since) if since else None)
        elif match := re.fullmatch(r"([\d.]+)(?:-([\d.]+))?(Hz|uV)", word):
            low, high, unit = match.groups()
            values["frequency_hz" if unit == "Hz" else "amplitude_uv"] = (float(low), float(high or low))
        else:
            values["regions"] = tuple(word.split(","))
            assert set(values["regions"]) <= set(REGIONS), word
    return Claim(finding, **values)
