"""Finding heads, their losses, and the concept tokens that tell the language model what was found."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..findings.vocabulary import FINDING_IDS
from .finding_targets import ATTRIBUTE_SIZES, ATTRIBUTES, CATEGORICAL, CONCEPT_SIZE, applies
from .initial_weights import ClosedLinear
from .modeling_comparison import NumberComparison
from .modeling_events import EVENT_EVIDENCE_SIZE
from .modeling_places import FindingPlaces
from .modeling_views import NUM_EVIDENCE
from .modeling_waveform import SITE_EVIDENCE_SIZE
from .number_features import NUM_NUMBER_FEATURES, number_features

_OF_HISTORY = ("change", "since")


class FindingHeads(nn.Module):
    """Presence and attributes of every finding from a window's embedding and its rate evidence.

    Each finding modulates the embedding with weights of its own and is read by shared layers; presence, side
    and regions also see the rows themselves (`FindingPlaces`), `change` and `since` the history, and with
    `compare_numbers` the numbers that are compared with it.
    """

    def __init__(
        self,
        embedding_size: int,
        history_size: int,
        size: int,
        compare_numbers: bool = False,
        row_evidence_size: int | None = None,
    ):
        super().__init__()
        n_findings = len(FINDING_IDS)
        self.presence = nn.Sequential(nn.Linear(embedding_size, size), nn.GELU(), nn.Linear(size, n_findings))
        self.embed = nn.Linear(embedding_size, size)
        self.gain = nn.Parameter(torch.zeros(n_findings, size))
        self.shift = nn.Parameter(torch.zeros(n_findings, size))
        self.mlp = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, size), nn.GELU())
        now = {name: n for name, n in ATTRIBUTE_SIZES.items() if name not in _OF_HISTORY}
        self.attributes = nn.ModuleDict({name: nn.Linear(size, n) for name, n in now.items()})
        self.biases = nn.ParameterDict(
            {name: torch.zeros(n_findings, n) for name, n in ATTRIBUTE_SIZES.items()}
        )
        self.presence_from_finding = nn.Linear(size, 1)
        self.presence_from_sites = ClosedLinear(SITE_EVIDENCE_SIZE, n_findings)
        self.presence_from_events = ClosedLinear(EVENT_EVIDENCE_SIZE, n_findings)
        self.evidence_weights = nn.Linear(size, NUM_EVIDENCE)
        self.history = nn.Linear(history_size, size)
        self.compare = nn.Sequential(nn.LayerNorm(2 * size), nn.Linear(2 * size, size), nn.GELU())
        self.changes = nn.ModuleDict({name: nn.Linear(size, ATTRIBUTE_SIZES[name]) for name in _OF_HISTORY})
        self.compare_numbers = NumberComparison(history_size, size) if compare_numbers else None
        self.places = None if row_evidence_size is None else FindingPlaces(row_evidence_size)

    def forward(
        self,
        embedding: Tensor,
        rate_evidence: Tensor,
        site_evidence: Tensor | None = None,
        row_evidence: Tensor | None = None,
        event_evidence: Tensor | None = None,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Logits that need no history, and the states of the findings for `changes_since`.

        Args:
            embedding: `(batch, embedding_size)`.
            rate_evidence: `(batch, NUM_EVIDENCE, n_bins)`.
            site_evidence: `(batch, SITE_EVIDENCE_SIZE)`, or None from encoders that have none.
            row_evidence: `(batch, NUM_ROWS, row_evidence_size)`, likewise.
            event_evidence: `(batch, EVENT_EVIDENCE_SIZE)`, likewise.

        Returns:
            Logits by name, `(batch, n_findings[, size])`, and `(batch, n_findings, size)`.
        """
        states = F.gelu(self.embed(embedding))[:, None] * (1 + self.gain) + self.shift
        states = self.mlp(states)
        logits = {name: layer(states) + self.biases[name] for name, layer in self.attributes.items()}
        logits["presence"] = self.presence(embedding) + self.presence_from_finding(states)[..., 0]
        if site_evidence is not None:
            logits["presence"] = logits["presence"] + self.presence_from_sites(site_evidence)
        if event_evidence is not None:
            logits["presence"] = logits["presence"] + self.presence_from_events(event_evidence)
        if self.places is not None and row_evidence is not None:
            for name, placed in self.places(row_evidence).items():
                logits[name] = logits[name] + placed
        weights = self.evidence_weights(states)
        evidence = weights @ rate_evidence.to(weights.dtype)
        logits["frequency"] = logits["frequency"] + F.pad(evidence, (1, 0))
        return logits, states

    def changes_since(
        self, states: Tensor, history_embedding: Tensor, numbers: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Logits of `change` and `since` against the history `(batch, history_size)`.

        Args:
            states: Of the findings in the current window, see `forward`.
            history_embedding: Of the windows before it.
            numbers: Of the current window, see `modeling_comparison.compared_numbers`; None leaves them out.
        """
        history = self.history(history_embedding)[:, None].expand_as(states)
        compared = self.compare[:-1](torch.cat([states, history], dim=-1))
        if self.compare_numbers is not None and numbers is not None:
            compared = compared + self.compare_numbers(history_embedding, numbers)
        compared = self.compare[-1](compared)
        return {name: layer(compared) + self.biases[name] for name, layer in self.changes.items()}


class FindingTokens(nn.Module):
    """Concepts (probabilities of a head, or targets) to soft tokens.

    The first token sums up presence and assessment of all findings. Each other token is one of the
    likeliest findings with its attributes; those more likely than not come first, in the order of the
    vocabulary. A token fades to a learned empty one as the probability of its finding falls.
    """

    def __init__(self, num_tokens: int, size: int):
        super().__init__()
        n_findings = len(FINDING_IDS)
        self.num_tokens, self.num_slots = num_tokens, num_tokens - 1
        self.summary = nn.Linear(2 * n_findings, size)
        self.finding_embedding = nn.Parameter(torch.zeros(n_findings, size))
        self.attributes = nn.Linear(CONCEPT_SIZE, size)
        self.numbers = nn.Linear(NUM_NUMBER_FEATURES, size, bias=False)
        self.mlp = nn.Sequential(nn.GELU(), nn.Linear(size, size))
        self.empty = nn.Parameter(torch.zeros(size))
        self.norm = nn.LayerNorm(size)

    def forward(self, concepts: Mapping[str, Tensor]) -> Tensor:
        """`(batch, num_tokens, size)` from concepts with a batch axis (see `finding_targets`)."""
        dtype = self.empty.dtype
        if self.num_tokens == 0:
            return self.empty.new_zeros(len(concepts["presence"]), 0, len(self.empty))
        presence, assessed = concepts["presence"].to(dtype), concepts["assessed"].to(dtype)
        flat = [presence[..., None], assessed[..., None], *(concepts[name].to(dtype) for name in ATTRIBUTES)]
        values = torch.cat(flat, dim=-1)
        states = self.attributes(values) + self.finding_embedding
        states = states + self.numbers(number_features(concepts).to(dtype))
        states = states + self.mlp(states)

        likeliest = torch.argsort(presence, dim=-1, descending=True, stable=True)[:, : self.num_slots]
        unlikely = presence.gather(1, likeliest) < 0.5
        order = (likeliest + unlikely * len(FINDING_IDS)).argsort(-1)
        chosen = likeliest.gather(1, order)
        states = states.gather(1, chosen[..., None].expand(-1, -1, states.shape[-1]))
        probability = presence.gather(1, chosen)[..., None]
        slots = probability * states + (1 - probability) * self.empty
        summary = self.summary(torch.cat([presence * assessed, assessed], dim=-1))
        return self.norm(torch.cat([summary[:, None], slots], dim=1))


def finding_losses(
    logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], mask: Tensor | None = None
) -> dict[str, Tensor]:
    """Presence loss over assessed findings, attribute losses over present ones.

    Args:
        logits: Of the heads, `(batch, n_findings[, size])`.
        targets: As made by `finding_targets.encode_claims`, of the same shapes. A target whose
            attribute is zero throughout (not worded, or not known) is left out.
        mask: `(batch,)` bool, windows that count.

    Returns:
        `presence` and each attribute, scalars.
    """
    assessed = targets["assessed"].float()
    if mask is not None:
        assessed = assessed * mask[:, None]
    presence = F.binary_cross_entropy_with_logits(
        logits["presence"].float(), targets["presence"].float(), reduction="none"
    )
    losses = {"presence": _mean(presence, assessed)}
    present = targets["presence"].float() * assessed
    for name in ATTRIBUTES:
        predicted, wanted = logits[name].float(), targets[name].float()
        worded = present * torch.as_tensor(applies(name), device=present.device, dtype=present.dtype)
        if name in CATEGORICAL:
            known = worded * (wanted.sum(-1) > 0)
            losses[name] = _mean(-(wanted * predicted.log_softmax(-1)).sum(-1), known)
        else:
            each = F.binary_cross_entropy_with_logits(predicted, wanted, reduction="none").mean(-1)
            losses[name] = _mean(each, worded)
    return losses


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp_min(1.0)


def summarise_concepts(concepts: Mapping[str, Tensor]) -> Tensor:
    """`(batch, 3 * n_findings)` what the bridge remembers of findings.

    Presence, and where present the expected log frequency and log amplitude.
    """
    parts = [concepts["presence"]]
    for name in ("frequency", "amplitude"):
        probabilities = concepts[name][..., 1:]
        places = torch.linspace(-1.0, 1.0, probabilities.shape[-1], device=probabilities.device)
        parts.append(concepts["presence"] * (probabilities * places.to(probabilities.dtype)).sum(-1))
    return torch.cat(parts, dim=-1)


def join_windows(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Axes batch and window joined into one."""
    return {name: value.flatten(0, 1) for name, value in values.items()}


CONCEPT_SUMMARY_SIZE = 3 * len(FINDING_IDS)

__all__ = [
    "CONCEPT_SUMMARY_SIZE",
    "FindingHeads",
    "FindingTokens",
    "finding_losses",
    "join_windows",
    "summarise_concepts",
]
