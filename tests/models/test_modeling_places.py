"""Presence, side and regions from the rows themselves."""

from __future__ import annotations

import torch

from neuronarrator_hf.findings.vocabulary import FINDING_IDS, REGIONS, SIDES
from neuronarrator_hf.models.finding_targets import FREQUENCY_BINS_HZ
from neuronarrator_hf.models.initial_weights import init_by_fan_in
from neuronarrator_hf.models.modeling_heads import FindingHeads
from neuronarrator_hf.models.modeling_places import PLACES, FindingPlaces, row_places
from neuronarrator_hf.models.modeling_sites import NUM_ROWS
from neuronarrator_hf.models.modeling_views import NUM_EVIDENCE
from neuronarrator_hf.signal.montage import LONGITUDINAL_BIPOLAR, SITES_1020, site_region, site_side

ROW_SIZE = 6
SEEN = ("F7", "F4", "C3", "T7", "P8", "P3", "O2")


def make_places() -> FindingPlaces:
    torch.manual_seed(0)
    places = FindingPlaces(ROW_SIZE)
    close(places)
    return places


def close(places: FindingPlaces) -> None:
    for layer in places.placed.values():
        init_by_fan_in(None, layer)


def test_every_row_is_of_its_places() -> None:
    members = dict(zip(PLACES, row_places(), strict=True))
    assert members["anywhere"].all()
    for i, site in enumerate(SITES_1020, start=len(LONGITUDINAL_BIPOLAR)):
        assert [p for p in PLACES[1:] if members[p][i]] == [site_side(site), site_region(site)]
    between = LONGITUDINAL_BIPOLAR.index(("T7", "P7"))
    assert [p for p in PLACES[1:] if members[p][between]] == ["left", "temporal"]
    across = LONGITUDINAL_BIPOLAR.index(("F4", "C4"))
    assert [p for p in PLACES[1:] if members[p][across]] == ["right", "frontal", "central"]


def test_rows_start_without_a_say() -> None:
    heads = FindingHeads(12, 8, 16, row_evidence_size=ROW_SIZE)
    close(heads.places)
    inputs = torch.randn(2, 12), torch.zeros(2, NUM_EVIDENCE, len(FREQUENCY_BINS_HZ))
    without, given = heads(*inputs)[0], heads(*inputs, None, torch.randn(2, NUM_ROWS, ROW_SIZE))[0]
    assert all(torch.equal(without[name], given[name]) for name in without)
    given["side"].sum().backward()
    assert heads.places.placed["side"].weight.grad.abs().sum() > 0


def test_a_loud_row_is_learned_with_its_side_and_told_at_sites_never_seen() -> None:
    places, finding = make_places(), FINDING_IDS.index("flat_channel")
    sites = range(len(LONGITUDINAL_BIPOLAR), NUM_ROWS)
    seen = [i for i in sites if SITES_1020[i - len(LONGITUDINAL_BIPOLAR)] in SEEN]

    def batch(rows: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        loud = torch.tensor(rows).repeat(8)
        evidence = 0.1 * torch.randn(len(loud), NUM_ROWS, ROW_SIZE)
        present = torch.arange(len(loud)) % 3 > 0
        evidence[present, loud[present], 2] += 3.0
        names = [SITES_1020[i - len(LONGITUDINAL_BIPOLAR)] for i in loud]
        sides = torch.tensor([1 + SIDES.index(site_side(n)) for n in names])
        return evidence, present, sides

    optimizer = torch.optim.Adam(places.parameters(), 0.03)
    for _ in range(80):
        evidence, present, sides = batch(seen)
        logits = places(evidence)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits["presence"][:, finding], present.float()
        )
        loss = loss + torch.nn.functional.cross_entropy(logits["side"][present, finding], sides[present])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    lateral = [i for i in sites if site_side(SITES_1020[i - len(LONGITUDINAL_BIPOLAR)]) != "midline"]
    evidence, present, sides = batch(lateral)
    with torch.no_grad():
        logits = places(evidence)
    assert ((logits["presence"][:, finding] > 0) == present).float().mean() > 0.95
    assert (logits["side"][:, finding].argmax(-1) == sides)[present].float().mean() > 0.95
    assert logits["regions"].shape == (len(evidence), len(FINDING_IDS), len(REGIONS))
