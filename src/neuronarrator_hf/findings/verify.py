"""Claims against the measurement of their window, and prose repaired until it says what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .judging import judge
from .repair import Repair, repair
from .schema import Claim

if TYPE_CHECKING:
    from .measure.result import WindowMeasurement

__all__ = ["Repair", "repair", "verify"]


def verify(
    claims: Iterable[Claim], measurement: WindowMeasurement, *, previous: WindowMeasurement | None = None
) -> list[Claim]:
    """Each claim with its verdict (supported, contradicted, unassessable) and the evidence for it.

    The verdict comes from the measurement alone, never from the model that made the claim; the rules
    stand at the head of `judging`.

    Args:
        claims: What a text asserts.
        measurement: What was measured in the same window.
        previous: The measurement of an earlier window; without it no change can be judged.
    """
    return [judge(claim, measurement, previous) for claim in claims]
