"""What narration returns, as records and as the JSON of a narration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ..findings.certainty import is_unsure
from ..findings.schema import Claim
from ..findings.track import Episode
from ..findings.vocabulary import VOCABULARY
from .statements import statements_of

SCHEMA = "neuronarrator.narration/1"
DISCLAIMER = "Preliminary, for review by a qualified reader; not a medical device."


@dataclass(frozen=True)
class WindowNarration:
    """One finished window.

    Attributes:
        start_s: Start in seconds from the start of the recording.
        end_s: End of its recorded part.
        text: The paragraph, after verification.
        claims: Its claims, with spans into `text`, status, evidence and confidence.
        probabilities: Calibrated probability per finding that could be assessed.
        not_assessed: Findings that could not be judged here.
        quality: What was wrong with the signal, and what verification did to the text.
    """

    start_s: float
    end_s: float
    text: str
    claims: tuple[Claim, ...]
    probabilities: Mapping[str, float] = field(default_factory=dict)
    not_assessed: frozenset[str] = frozenset()
    quality: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unworded(self) -> frozenset[str]:
        """Findings that were measured beyond doubt and that the text does not speak of."""
        return frozenset(self.quality.get("unworded", ()))

    @property
    def is_assessable(self) -> bool:
        """Whether the signal could be judged at all."""
        return bool(self.quality.get("assessable", True))

    def to_dict(self) -> dict[str, Any]:
        """The window as a chunk of the JSON."""
        return {
            "timestamp": (self.start_s, self.end_s),
            "text": self.text,
            "claims": [claim.to_dict() for claim in self.claims],
            "probabilities": dict(self.probabilities),
            "quality": {**self.quality, "not_assessed": sorted(self.not_assessed)},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> WindowNarration:
        """The inverse of `to_dict`."""
        quality = dict(values["quality"])
        not_assessed = frozenset(quality.pop("not_assessed"))
        return cls(
            start_s=values["timestamp"][0],
            end_s=values["timestamp"][1],
            text=values["text"],
            claims=tuple(Claim.from_dict(c) for c in values["claims"]),
            probabilities=values["probabilities"],
            not_assessed=not_assessed,
            quality=quality,
        )


@dataclass(frozen=True)
class Narration:
    """One recording, narrated.

    Attributes:
        windows: Finished windows in order of time; can be iterated more than once.
        claims: Claims of the whole recording.
        episodes: What `findings.track` made of the windows.
        sections: Section name to text, in the order of the report.
        severity: Severity score with its parts, empty where none applies.
        quality: What was usable, and what verification did.
        recording: Provenance of the signal without the patient's identity.
        model: Name, revision and version of what narrated.
        states: The state over time, and the background within each state.
    """

    windows: Iterable[WindowNarration]
    claims: tuple[Claim, ...]
    episodes: tuple[Episode, ...]
    sections: Mapping[str, str]
    severity: Mapping[str, Any]
    quality: Mapping[str, Any]
    recording: Mapping[str, Any]
    model: Mapping[str, Any]
    states: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The report: one paragraph per section, and what the report is not."""
        parts = [f"{title(name)}: {text}" for name, text in self.sections.items() if text]
        return "\n\n".join([*parts, DISCLAIMER])

    def references(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The sentences of the report with the ids of their evidence, and that evidence."""
        starts, at = {}, 0
        for name, text in self.sections.items():
            if text:
                starts[name] = at + len(title(name)) + 2
                at = starts[name] + len(text) + 2
        told = {name: text for name, text in self.sections.items() if text}
        known = {"recording": self.recording, "quality": self.quality, "model": self.model}
        return statements_of(told, starts, self.claims, self.events, self.states, known)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Episodes a reader would jump to."""
        return [event(episode) for episode in self.episodes if is_event(episode)]

    def head(self) -> dict[str, Any]:
        """Everything but the chunks."""
        statements, evidence = self.references()
        return {
            "schema": SCHEMA,
            "disclaimer": DISCLAIMER,
            "text": self.text,
            "claims": [claim.to_dict() for claim in self.claims],
            "events": self.events,
            "sections": dict(self.sections),
            "statements": statements,
            "evidence": evidence,
            "states": dict(self.states),
            "severity": dict(self.severity),
            "quality": dict(self.quality),
            "recording": dict(self.recording),
            "model": dict(self.model),
        }

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the narration as one dict."""
        return {**self.head(), "chunks": [window.to_dict() for window in self.windows]}

    def document(self) -> dict[str, Any]:
        """As `to_dict`, with `chunks` read one at a time: what renderings of long recordings iterate."""
        return {**self.head(), "chunks": _Chunks(self.windows)}

    def iter_json(self) -> Iterator[str]:
        """The JSON in pieces, so that days need not fit in memory; deterministic, byte for byte."""
        head = json.dumps(plain(self.head()), ensure_ascii=False, indent=1, allow_nan=False)
        yield head.removesuffix("\n}") + ',\n "chunks": ['
        separator = "\n  "
        for window in self.windows:
            yield separator + json.dumps(plain(window.to_dict()), ensure_ascii=False, allow_nan=False)
            separator = ",\n  "
        yield "\n ]\n}\n"

    def write_json(self, path: Path) -> None:
        """Write the JSON of the narration, piece by piece."""
        partial = path.with_name(path.name + ".part")
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(self.iter_json())
        partial.replace(path)


@dataclass(frozen=True)
class _Chunks:
    windows: Iterable[WindowNarration]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (window.to_dict() for window in self.windows)


_EVENT_GROUPS = ("epileptiform", "rhythmic_periodic", "ictal")
_EVENT_IDS = frozenset({"burst_suppression", "brief_attenuation", "extreme_low_voltage"})


def is_event(episode: Episode) -> bool:
    """Whether an episode is something a reader would jump to, not a lasting property of the background."""
    return VOCABULARY[episode.finding].group in _EVENT_GROUPS or episode.finding in _EVENT_IDS


def event(episode: Episode) -> dict[str, Any]:
    """An episode as an entry of `events`; one that no window is sure of is a candidate."""
    return {
        "onset_s": episode.start_s,
        "duration_s": round(episode.duration_s, 3),
        "finding": episode.finding,
        "confidence": episode.confidence,
        "channels": list(episode.channels),
        "side": episode.side,
        "regions": list(episode.regions),
        "frequency_hz": None if episode.frequency_hz is None else list(episode.frequency_hz),
        "candidate": is_unsure(episode),
        "evolution": episode.evolution,
        "surest_s": episode.surest_s,
    }


def title(section: str) -> str:
    """Heading of a section: `rhythmic_periodic` is `Rhythmic and periodic`."""
    return {"rhythmic_periodic": "Rhythmic and periodic patterns"}.get(
        section, section.replace("_", " ").capitalize()
    )


def plain(value: Any) -> Any:
    """Values as JSON knows them: numpy scalars to numbers, not-a-number to null, tuples to lists."""
    kind = type(value)
    if kind is str or kind is bool or kind is int or value is None:  # most of what there is, told at once
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (frozenset, set)):
        return [plain(v) for v in sorted(value)]
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return plain(value.tolist())
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    return value


def json_schema() -> dict[str, Any]:
    """The JSON schema of a narration, as shipped."""
    return json.loads(
        resources.files(__package__).joinpath("narration.schema.json").read_text(encoding="utf-8")
    )
