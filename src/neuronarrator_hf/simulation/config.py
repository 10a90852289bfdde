"""What a simulated recording is drawn from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SimulationConfig:
    """Shares of the kinds of recordings, and what is stated of them.

    Attributes:
        normal: Awake, normal, ordinary artifacts.
        artifact: Awake, normal brain activity under heavy artifacts.
        sleep: Sleep, normal.
        routine: Outpatient recordings with an abnormality.
        icu: Critical care.
        gone_claims: Word a finding of the window before that is gone, with polarity absent.
        dead_channels: Share of recordings with flat channels.
        realistic_device: Random gains, filters, reference, quantisation and noise floor; False gives
            ideal amplifiers against a distant reference.
    """

    normal: float = 0.215
    artifact: float = 0.09
    sleep: float = 0.145
    routine: float = 0.19
    icu: float = 0.36
    gone_claims: bool = False
    dead_channels: float = 0.06
    realistic_device: bool = True

    def mixture(self) -> dict[str, float]:
        """Shares of the kinds, summing to 1."""
        shares = {kind: getattr(self, kind) for kind in ("normal", "artifact", "sleep", "routine", "icu")}
        total = sum(shares.values())
        if total <= 0 or min(shares.values()) < 0:
            raise ValueError(
                f"the shares of the mixture must be non-negative with a positive sum, got {shares}"
            )
        return {kind: share / total for kind, share in shares.items()}
