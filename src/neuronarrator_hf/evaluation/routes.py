"""The routes from heard segments to class probabilities, and what each needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..narration.likelihood import text_log_likelihoods
from ..signal.windows import EEGWindows
from .aligned import load_embedding, simulated_examples, simulated_prototypes
from .band_power import Probe
from .label_prompts import LabelPrompt
from .peers import load_peer
from .segments import WITNESSES, Extra, HeardSegment
from .zero_shot import (
    classes_from_claims,
    classes_from_findings,
    classes_from_likelihood,
    classes_from_prototypes,
    names_findings,
)

OPTIONAL = ("likelihood", "prototype", "probe")
"""Routes that are computed if asked for: each hears the EEG once more."""
BAND_POWER = "band power, regression"
PROBE = "embedding, regression"
N_AT_LARGE = 24
"""Simulated windows whose mean likelihood is what a sentence is worth before anything is seen."""


@dataclass
class Routes:
    """Class probabilities of segments by every route there is.

    Attributes:
        prompts: Classes.
        extra: Computes what the optional routes need, or None.
        missing: Route to why it is not there.
    """

    prompts: Sequence[LabelPrompt]
    extra: Extra | None = None
    missing: dict[str, str] = field(default_factory=dict)
    _probes: dict[str, Probe] = field(default_factory=dict)
    _prior: np.ndarray | None = None
    _at_large: np.ndarray | None = None
    _prototypes: np.ndarray | None = None
    _peers: tuple[str, ...] = ()

    @classmethod
    def prepare(
        cls,
        prompts: Sequence[LabelPrompt],
        voice: Any,
        *,
        also: Sequence[str] = (),
        peers: Sequence[str] = (),
        model: Any = None,
    ) -> Routes:
        """Routes over a voice.

        Args:
            prompts: Classes.
            voice: A `Voice` of the engine; the optional routes need a `ModelVoice`.
            also: Of `OPTIONAL`.
            peers: Published encoders (see `peers.load_peer`).
            model: Where the model was loaded from.
        """
        unknown = sorted(set(also) - set(OPTIONAL))
        if unknown:
            raise ValueError(f"no route {', '.join(unknown)}; there are {', '.join(OPTIONAL)}")
        routes = cls(prompts, _peers=tuple(peers))
        encoders = {name: load_peer(name) for name in peers}

        def hear_peers(block: EEGWindows) -> dict[str, np.ndarray]:
            return {f"peer {name}": encode(block) for name, encode in encoders.items()}

        routes.extra = hear_peers if peers else None
        if not also:
            return routes
        if not hasattr(voice, "processor"):
            routes.missing |= dict.fromkeys(also, "the voice has no network")
            return routes
        embed, aligned = load_embedding(voice.model, voice.processor, model)
        sentences = [s for p in prompts for s in p.sentences]

        def sentence_scores(block: EEGWindows) -> np.ndarray:
            heard, _ = voice.listen(block, voice.begin())
            return text_log_likelihoods(
                voice.model, voice.processor, heard.payload, sentences, batch_size=voice.batch_size
            )

        if "likelihood" in also:
            blocks, _ = simulated_examples(N_AT_LARGE, 1)
            routes._at_large = np.concatenate([sentence_scores(b) for b in blocks]).mean(0)
        if "prototype" in also and not names_findings(prompts):
            routes.missing["prototype"] = "not every class is a finding that can be simulated"
        elif "prototype" in also:
            routes._prototypes = simulated_prototypes(embed, prompts)
            if not aligned:
                routes.missing["aligned space"] = "no alignment.safetensors; pooled waveforms stand for it"

        def extra(block: EEGWindows) -> dict[str, np.ndarray]:
            vectors = hear_peers(block)
            if "prototype" in also or "probe" in also:
                vectors["embedding"] = embed(block)
            if "likelihood" in also:
                vectors["sentences"] = sentence_scores(block)
            return vectors

        routes.extra = extra
        return routes

    def fit(self, train: Sequence[HeardSegment]) -> None:
        """Fit what learns from the training part: the prior and the regressions."""
        truth = self.truth(train)
        counts = (
            np.bincount(truth, minlength=len(self.prompts)) if len(train) else np.zeros(len(self.prompts))
        )
        self._prior = (counts + 1) / (counts + 1).sum()
        for name in self._probed(train):
            if np.count_nonzero(counts) < 2:
                self.missing[name] = "the training part holds fewer than two classes"
            else:
                self._probes[name] = Probe(self._vectors(name, train), truth, len(self.prompts))

    def _probed(self, heard: Sequence[HeardSegment]) -> list[str]:
        """Names of the regressions that have features."""
        embedded = bool(heard) and "embedding" in heard[0].extra
        return [BAND_POWER, *([PROBE] if embedded else []), *(f"{name}, regression" for name in self._peers)]

    @staticmethod
    def _vectors(name: str, heard: Sequence[HeardSegment]) -> np.ndarray:
        """`(n, d)` features of a regression."""
        if name == BAND_POWER:
            return np.stack([h.features for h in heard])
        key = "embedding" if name == PROBE else f"peer {name.removesuffix(', regression')}"
        return np.stack([h.extra[key] for h in heard])

    def truth(self, heard: Sequence[HeardSegment]) -> np.ndarray:
        """Index of the true class of each segment."""
        names = [p.label for p in self.prompts]
        return np.array([names.index(h.segment.label) for h in heard], int)

    def predict(self, heard: Sequence[HeardSegment]) -> dict[str, np.ndarray]:
        """Per route `(n, n_classes)` probabilities; rows of NaN are abstentions."""
        out: dict[str, np.ndarray] = {}
        if self._prior is not None:
            out["prior"] = np.tile(self._prior, (len(heard), 1))
        if names_findings(self.prompts):
            for witness in WITNESSES:
                findings = np.stack([h.findings[witness] for h in heard])
                if not np.isnan(findings).all():
                    out[witness] = classes_from_findings(self.prompts, findings)
            if any(h.texts for h in heard):
                out["text, claims"] = classes_from_claims(
                    self.prompts, [h.claims for h in heard], [h.assessed for h in heard]
                )
        else:
            self.missing["findings and claims"] = "not every class is a finding of EEG language"
        if self._at_large is not None:
            scores = np.stack([h.extra["sentences"] for h in heard])
            out["text, likelihood"] = classes_from_likelihood(scores, self._at_large, self.prompts)
        if self._prototypes is not None:
            embeddings = np.stack([h.extra["embedding"] for h in heard])
            out["prototype"] = classes_from_prototypes(embeddings, self._prototypes)
        for name, probe in self._probes.items():
            out[name] = probe.predict(self._vectors(name, heard))
        return out
