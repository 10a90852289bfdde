"""A paragraph against its measurement: parsed, verified or repaired, with the confidence of every claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..findings.measure import WindowMeasurement
from ..findings.parse import parse, sentence_spans
from ..findings.schema import Claim
from ..findings.verify import repair, verify
from .confidence import combined_probabilities, confidence_of

VERIFY_MODES = ("repair", "annotate", "off")


@dataclass(frozen=True)
class CheckedText:
    """What is left of a paragraph after its check.

    Attributes:
        text: The paragraph; changed by `repair` alone.
        claims: Its claims with their status, their confidence and the time of the window.
        probabilities: Of every finding that could be assessed, from network and measurement.
        counts: Sentences rewritten, dropped and added; empty but for `repair`.
    """

    text: str
    claims: tuple[Claim, ...]
    probabilities: dict[str, float]
    counts: dict[str, int] = field(default_factory=dict)


def check_text(
    text: str,
    measurement: WindowMeasurement,
    network: Mapping[str, float],
    *,
    mode: str = "repair",
    previous: WindowMeasurement | None = None,
    seed: int = 0,
) -> CheckedText:
    """Check the paragraph of a window that could be judged.

    Args:
        text: As the model worded it.
        measurement: Of the window: the only judge of a claim's status.
        network: Probabilities of the finding head, which share in the confidence.
        mode: `repair` rewrites or drops what the signal contradicts, `annotate` keeps it with its
            status, `off` checks nothing.
        previous: Measurement of the window before, for what is said of change.
        seed: Seed of the wording of repaired sentences.
    """
    probabilities = combined_probabilities(network, measurement.claims)
    claims: Sequence[Claim] = parse(text)
    counts: dict[str, int] = {}
    if mode == "repair":
        text, n_empty = without_empty_sentences(text, claims)
        claims = parse(text) if n_empty else claims
        repaired = repair(text, claims, measurement, seed=seed, previous=previous, decisions=probabilities)
        text, claims = repaired.text, repaired.claims
        counts = {
            "rewritten": repaired.rewritten,
            "dropped": repaired.dropped + n_empty,
            "added": repaired.added,
        }
    elif mode == "annotate":
        claims = verify(claims, measurement, previous=previous)
    return CheckedText(text, placed(claims, measurement, probabilities), probabilities, counts)


def placed(
    claims: Sequence[Claim], measurement: WindowMeasurement, probabilities: Mapping[str, float]
) -> tuple[Claim, ...]:
    """Claims with the time of their window and their confidence."""
    return tuple(
        claim.with_(
            start_s=measurement.start_s if claim.start_s is None else claim.start_s,
            end_s=measurement.end_s if claim.end_s is None else claim.end_s,
            confidence=confidence_of(claim, probabilities),
        )
        for claim in claims
    )


def without_empty_sentences(text: str, claims: Sequence[Claim]) -> tuple[str, int]:
    """The text without sentences that make no claim: what cannot be checked is not reported."""
    said = {claim.span for claim in claims}
    kept = [text[start:stop] for start, stop in sentence_spans(text) if (start, stop) in said]
    return " ".join(kept), sum(1 for _ in sentence_spans(text)) - len(kept)
