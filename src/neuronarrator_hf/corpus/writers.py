"""Claims to a paragraph: the grammar, or a language model whose text must say exactly the claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.quantise import quantise
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import define
from neuronarrator_hf.findings.write import write_segment

from .language_models import Generate, from_endpoint, from_transformers

GRAMMAR = "grammar"
INSTRUCTION = (
    "You write one paragraph of an EEG report in the style of a clinical neurophysiologist. Say every "
    "finding of the list with its attributes, and nothing that is not in the list: no other finding, no "
    "cause, no diagnosis, no advice, no patient."
)


@dataclass(frozen=True)
class WriterOptions:
    """How texts are written.

    Attributes:
        model: Name or folder of a transformers text-generation model; None for the grammar alone.
        endpoint: Address of an OpenAI-compatible server, such as `http://127.0.0.1:8000/v1`; `model` is the
            name it knows. What is sent are findings; nothing of the recording or the person.
        attempts: Texts asked for before the grammar writes.
        variety: 0 for one fixed wording of the grammar, 1 for all alike.
        seed: Seed of the wording.
    """

    model: str | None = None
    endpoint: str | None = None
    attempts: int = 3
    variety: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.endpoint is not None and self.model is None:
            raise ValueError("an endpoint needs the name of its model; give both")
        if self.attempts < 1:
            raise ValueError(f"attempts must be at least 1, got {self.attempts}")
        if not 0 <= self.variety <= 1:
            raise ValueError(f"variety must be between 0 and 1, got {self.variety:g}")


@dataclass
class Writer:
    """Writes paragraphs and counts what was accepted.

    Attributes:
        options: How.
        generate: The language model; None for the grammar alone.
        counts: `accepted`, `rejected` (texts that said something else) and `fallback` (paragraphs that the
            grammar wrote after all attempts).
    """

    options: WriterOptions = field(default_factory=WriterOptions)
    generate: Generate | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def write(self, claims: Sequence[Claim], seed: int) -> tuple[str, str]:
        """Paragraph and writer; the paragraph parses to exactly the quantised claims.

        Raises:
            WriterError: The language model cannot be had.
            ValueError: The grammar itself cannot say the claims; a fault of ours.
        """
        wanted = contents(claims)
        if self.generate is not None:
            prompt = prompt_of(claims)
            for attempt in range(self.options.attempts):
                text = " ".join(self.generate(prompt, (seed + attempt) % 2**31).split())
                if text and contents(parse(text)) == wanted:
                    self.counts["accepted"] += 1
                    return text, str(self.options.model)
                self.counts["rejected"] += 1
            self.counts["fallback"] += 1
        for variety in (self.options.variety, 0.0):
            text = write_segment(claims, seed=seed, variety=variety)
            if contents(parse(text)) == wanted:
                return text, GRAMMAR
        raise ValueError(f"the grammar does not say its claims: {text!r}")


def contents(claims: Iterable[Claim]) -> frozenset[tuple[Any, ...]]:
    """What quantised claims assert, as a set."""
    return frozenset(quantise(claim).content() for claim in claims)


def make_writer(options: WriterOptions) -> Writer:
    """The writer of the options; a model is loaded once a process."""
    if options.endpoint is not None:
        return Writer(options, from_endpoint(options.endpoint, str(options.model)))
    if options.model is not None:
        return Writer(options, from_transformers(options.model))
    return Writer(options)


def prompt_of(claims: Sequence[Claim]) -> str:
    """What a language model is told: the instruction and the findings, one a line."""
    lines = dict.fromkeys(f"- {_line(quantise(claim))}" for claim in claims)
    return "\n".join([INSTRUCTION, "", "Findings:", *lines])


def _line(claim: Claim) -> str:
    polarity = {"absent": "absent", "not_assessed": "could not be assessed", "present": "present"}[
        claim.polarity
    ]
    told = [f"{define(claim.finding).name}: {'possible' if claim.hedged else polarity}"]
    if claim.side:
        told.append(f"side {claim.side}")
    if claim.regions:
        told.append("region " + ", ".join(claim.regions))
    for name, unit, value in (("at", "Hz", claim.frequency_hz), ("of", "uV", claim.amplitude_uv)):
        if value:
            low, high = value
            told.append(f"{name} {low:g} {unit}" if low == high else f"{name} {low:g} to {high:g} {unit}")
    if claim.prevalence:
        told.append(claim.prevalence)
    if claim.change:
        since = f" since {claim.change.since_s:g} s" if claim.change.since_s else ""
        told.append(f"{claim.change.direction}{since}")
    return ", ".join(told)
