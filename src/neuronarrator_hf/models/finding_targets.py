"""Findings as numbers: claims to targets of the heads, and head outputs back to claims.

Targets and head probabilities share one form, called concepts: a dictionary of arrays whose first
axis after the batch is the finding, in the order of `FINDING_IDS`. The concept tokens of the language
model are made from either, so that text can be learned from true findings without any EEG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from ..findings.schema import DIRECTIONS, Change, Claim
from ..findings.vocabulary import FINDING_IDS, PREVALENCES, REGIONS, SIDES, VOCABULARY

FREQUENCY_BINS_HZ = np.geomspace(0.25, 64.0, 72)
"""Centres in steps of 8 %; values between two are shared between them. 64 Hz covers mains."""
AMPLITUDE_BINS_UV = np.geomspace(2.0, 2000.0, 40)
SINCE_BINS_S = np.geomspace(10.0, 3600.0, 12)

_BINS = {"frequency": FREQUENCY_BINS_HZ, "amplitude": AMPLITUDE_BINS_UV, "since": SINCE_BINS_S}
_CLASSES = {"side": SIDES, "prevalence": PREVALENCES, "change": DIRECTIONS}
CATEGORICAL = ("side", "frequency", "amplitude", "prevalence", "change", "since")
"""Attributes with one value; class 0 is "none worded"."""
MULTI_LABEL = ("regions", "hedged")
ATTRIBUTES = CATEGORICAL + MULTI_LABEL
ATTRIBUTE_SIZES: dict[str, int] = {
    **{name: 1 + len(_CLASSES[name] if name in _CLASSES else _BINS[name]) for name in CATEGORICAL},
    "regions": len(REGIONS),
    "hedged": 1,
}
CONCEPT_SIZE = 2 + sum(ATTRIBUTE_SIZES.values())
"""Numbers of one finding: presence, assessed, and the attributes."""

_WORDED_AS = {"frequency": "frequency_hz", "amplitude": "amplitude_uv", "since": "change"}
_TOP_MODE_BINS = 2


def applies(attribute: str) -> np.ndarray:
    """`(n_findings,)` bool: findings of which the vocabulary words this attribute."""
    if attribute == "hedged":
        return np.ones(len(FINDING_IDS), dtype=bool)
    name = _WORDED_AS.get(attribute, attribute)
    return np.array([name in VOCABULARY[finding].attributes for finding in FINDING_IDS])


_APPLIES = {attribute: applies(attribute) for attribute in ATTRIBUTES}


def encode_claims(claims: Sequence[Claim]) -> dict[str, np.ndarray]:
    """Targets of one window; a finding without a claim is absent.

    Several claims of one finding are joined: left and right become bilateral, regions unite, the first
    given frequency, amplitude, prevalence and change count.

    Returns:
        Float32 arrays: `presence` and `assessed` `(n_findings,)`, each of `ATTRIBUTES`
        `(n_findings, size)` as probabilities, zero where the finding is not present or the vocabulary
        words no such attribute.
    """
    n_findings = len(FINDING_IDS)
    targets = {name: np.zeros((n_findings, size), np.float32) for name, size in ATTRIBUTE_SIZES.items()}
    targets["presence"] = np.zeros(n_findings, np.float32)
    targets["assessed"] = np.ones(n_findings, np.float32)
    by_finding: dict[str, list[Claim]] = {}
    for claim in claims:
        by_finding.setdefault(claim.finding, []).append(claim)
    for finding, same in by_finding.items():
        row = FINDING_IDS.index(finding)
        present = [claim for claim in same if claim.is_present]
        if not present:
            targets["assessed"][row] = float(any(claim.polarity == "absent" for claim in same))
            continue
        targets["presence"][row] = 1.0
        for name, values in _encode_present(present).items():
            if _APPLIES[name][row]:
                targets[name][row] = values
    return targets


def _encode_present(claims: Sequence[Claim]) -> dict[str, np.ndarray]:
    sides = {claim.side for claim in claims if claim.side is not None}
    if len(sides) > 1:
        sides = {"bilateral"}
    change = next((claim.change for claim in claims if claim.change is not None), None)
    prevalence = next((claim.prevalence for claim in claims if claim.prevalence is not None), None)
    regions = {region for claim in claims for region in claim.regions}
    return {
        "side": _one_hot(next(iter(sides), None), SIDES),
        "prevalence": _one_hot(prevalence, PREVALENCES),
        "change": _one_hot(None if change is None else change.direction, DIRECTIONS),
        "since": _two_hot(None if change is None else change.since_s, SINCE_BINS_S),
        "frequency": _two_hot(_middle(claim.frequency_hz for claim in claims), FREQUENCY_BINS_HZ),
        "amplitude": _two_hot(_middle(claim.amplitude_uv for claim in claims), AMPLITUDE_BINS_UV),
        "regions": np.array([region in regions for region in REGIONS], np.float32),
        "hedged": np.array([all(claim.hedged for claim in claims)], np.float32),
    }


def _middle(ranges) -> float | None:
    """Geometric mean of the first range given."""
    first = next((r for r in ranges if r is not None), None)
    return None if first is None else float(np.sqrt(max(first[0], 1e-3) * max(first[1], 1e-3)))


def _one_hot(value: str | None, classes: Sequence[str]) -> np.ndarray:
    encoded = np.zeros(1 + len(classes), np.float32)
    encoded[0 if value is None else 1 + classes.index(value)] = 1.0
    return encoded


def _two_hot(value: float | None, bins: np.ndarray) -> np.ndarray:
    """Shares of the two neighbouring bins on a log scale; index 0 where there is no value."""
    encoded = np.zeros(1 + len(bins), np.float32)
    if value is None:
        encoded[0] = 1.0
        return encoded
    place = np.interp(np.log(max(value, 1e-6)), np.log(bins), np.arange(len(bins)))
    low = min(int(place), len(bins) - 2)
    encoded[1 + low], encoded[2 + low] = 1 - (place - low), place - low
    return encoded


def stack_targets(targets: Sequence[Mapping[str, np.ndarray]]) -> dict[str, torch.Tensor]:
    """Targets of many windows as tensors with a first axis more."""
    return {name: torch.from_numpy(np.stack([target[name] for target in targets])) for name in targets[0]}


def to_concepts(logits: Mapping[str, torch.Tensor], sharpness: float = 1.0) -> dict[str, torch.Tensor]:
    """Head logits as probabilities, zero where the vocabulary words no such attribute.

    Args:
        logits: Of the heads.
        sharpness: Factor of the presence logits. Above 1, findings more likely than not come nearer to
            certain and the others nearer to none, so that the text says what the heads hold likelier.
    """
    concepts = {"presence": (sharpness * logits["presence"]).sigmoid()}
    concepts["assessed"] = torch.ones_like(concepts["presence"])
    for name in ATTRIBUTES:
        values = logits[name].softmax(-1) if name in CATEGORICAL else logits[name].sigmoid()
        worded = torch.as_tensor(_APPLIES[name], device=values.device, dtype=values.dtype)
        concepts[name] = values * worded[:, None]
    return concepts


def decode_heads(
    concepts: Mapping[str, torch.Tensor | np.ndarray],
    *,
    threshold: float | Mapping[str, float] = 0.5,
    include_absent: bool = False,
) -> list[Claim]:
    """Claims of one window from concepts (see `to_concepts`), in the order of the vocabulary.

    Args:
        concepts: Probabilities without a batch axis.
        threshold: Probability from which a finding is present: one, or one per finding.
        include_absent: Also return absent and not assessed findings.
    """
    values = {
        name: np.asarray(torch.as_tensor(array).detach().float().cpu()) for name, array in concepts.items()
    }
    claims = []
    for row, finding in enumerate(FINDING_IDS):
        probability = float(values["presence"][row])
        bound = threshold if isinstance(threshold, float | int) else threshold.get(finding, 0.5)
        if values["assessed"][row] < 0.5:
            claims.append(Claim(finding, polarity="not_assessed"))
        elif probability < bound:
            claims.append(Claim(finding, polarity="absent", confidence=1 - probability))
        else:
            claims.append(_decode_present(finding, probability, {n: values[n][row] for n in ATTRIBUTES}))
    return claims if include_absent else [claim for claim in claims if claim.is_present]


def _decode_present(finding: str, probability: float, values: Mapping[str, np.ndarray]) -> Claim:
    direction = _class(values["change"], DIRECTIONS)
    frequency = _expectation(values["frequency"], FREQUENCY_BINS_HZ)
    amplitude = _expectation(values["amplitude"], AMPLITUDE_BINS_UV)
    return Claim(
        finding,
        hedged=bool(values["hedged"][0] > 0.5),
        side=_class(values["side"], SIDES),
        regions=tuple(region for region, p in zip(REGIONS, values["regions"], strict=True) if p > 0.5),
        frequency_hz=None if frequency is None else (frequency, frequency),
        amplitude_uv=None if amplitude is None else (amplitude, amplitude),
        prevalence=_class(values["prevalence"], PREVALENCES),
        change=None if direction is None else Change(direction, _expectation(values["since"], SINCE_BINS_S)),
        confidence=probability,
    )


def _class(probabilities: np.ndarray, classes: Sequence[str]) -> str | None:
    best = int(probabilities.argmax())
    return None if best == 0 else classes[best - 1]


def _expectation(probabilities: np.ndarray, bins: np.ndarray) -> float | None:
    """Expected value over the highest mode: the best bin and its neighbours."""
    none, rest = probabilities[0], probabilities[1:]
    if rest.sum() <= none or rest.sum() <= 0:
        return None
    best = int(rest.argmax())
    near = slice(max(best - _TOP_MODE_BINS, 0), best + _TOP_MODE_BINS + 1)
    return float(np.exp((rest[near] * np.log(bins[near])).sum() / rest[near].sum()))


__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTE_SIZES",
    "CONCEPT_SIZE",
    "decode_heads",
    "encode_claims",
    "stack_targets",
    "to_concepts",
]
