"""Where a finding is: evidence of every row, pooled by side and region, to presence, side and regions."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..findings.vocabulary import FINDING_IDS, REGIONS, SIDES
from ..signal.montage import LONGITUDINAL_BIPOLAR, SITES_1020, region_sites
from .finding_targets import ATTRIBUTE_SIZES
from .initial_weights import Closed, LoudLinear
from .modeling_sites import Float32Buffers

PLACES = ("anywhere", *(side for side in SIDES if side != "bilateral"), *REGIONS[:-1])
"""Groups of rows that are looked at: all, each side, each region (the last one is all again)."""
_EVIDENCE_SIZE = 48
_POOLED = len(PLACES) + 1  # the mean over all rows besides
_PLACED = {"presence": 1, "side": ATTRIBUTE_SIZES["side"], "regions": ATTRIBUTE_SIZES["regions"]}


class FromPlaces(Closed, nn.Linear):
    """Pooled evidence to logits with weights of its own for every finding; starts at zero.

    `weight` is `(n_findings * out_features, in_features)`.
    """

    def __init__(self, in_features: int, out_features: int):
        super().__init__(in_features, len(FINDING_IDS) * out_features)

    def forward(self, pooled: Tensor) -> Tensor:
        """`(batch, n_findings, in_features)` to `(batch, n_findings, out_features)`."""
        weight = self.weight.view(len(FINDING_IDS), -1, self.in_features)
        return (weight @ pooled[..., None])[..., 0] + self.bias.view(len(FINDING_IDS), -1)


class FindingPlaces(Float32Buffers):
    """Logits of presence, side and regions from the rows themselves.

    An embedding of the whole window tells weakly which of its 19 sites is flat or sharp: each row says for
    itself how much it shows of every finding, and the strongest row of each side and region counts.
    """

    def __init__(self, row_size: int):
        super().__init__()
        self.add_constant("places", row_places())
        self.embed = nn.Linear(row_size, _EVIDENCE_SIZE)
        self.evidence = LoudLinear(_EVIDENCE_SIZE, len(FINDING_IDS))
        self.placed = nn.ModuleDict({name: FromPlaces(_POOLED, size) for name, size in _PLACED.items()})

    def forward(self, row_evidence: Tensor) -> dict[str, Tensor]:
        """`presence` `(batch, n_findings)`, `side` and `regions` `(batch, n_findings, size)`.

        Args:
            row_evidence: `(batch, NUM_ROWS, row_size)`, see `modeling_waveform.WaveformOutput`.
        """
        shown = self.evidence(F.gelu(self.embed(row_evidence)))  # b r f
        outside = (self.places == 0)[None, :, :, None]
        strongest = shown[:, None].masked_fill(outside, float("-inf")).amax(2)  # b p f
        pooled = torch.cat([strongest, shown.mean(1, keepdim=True)], dim=1).transpose(1, 2)
        logits = {name: layer(pooled) for name, layer in self.placed.items()}
        return logits | {"presence": logits["presence"][..., 0]}


def row_places() -> np.ndarray:
    """`(n_places, NUM_ROWS)` 1 where a row is of a place; a derivation is of the regions of both ends."""
    electrodes = [*LONGITUDINAL_BIPOLAR, *((site,) for site in SITES_1020)]
    groups = {
        place: set(region_sites("generalized", place) if place in SIDES else region_sites(place))
        for place in PLACES[1:]
    }
    member = [[not groups[place].isdisjoint(row) for row in electrodes] for place in PLACES[1:]]
    return np.array([[True] * len(electrodes), *member], dtype=np.float32)


__all__ = ["PLACES", "FindingPlaces", "FromPlaces", "row_places"]
