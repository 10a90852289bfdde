"""HL7 FHIR R4B: one Bundle with a preliminary DiagnosticReport, its Observations and the software as Device.

The software is the device of the observations and the performer of nothing: nobody has read the recording.
No patient is named; whoever takes the bundle in adds the subject.
"""

from __future__ import annotations

import html
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..findings.vocabulary import VOCABULARY
from ..narration.result import title
from .evidence import claim_words, finding_name, place, told_evidence

SCHEMA_URI = "urn:neuronarrator-hf:narration"
FINDING_SYSTEM = "urn:neuronarrator-hf:finding"
MEASURE_SYSTEM = "urn:neuronarrator-hf:measure"
_UCUM = "http://unitsofmeasure.org"
_SNOMED = "http://snomed.info/sct"
_PRESENCE = {"present": ("52101004", "Present"), "absent": ("2667000", "Absent")}
_NAMESPACE = uuid.UUID("6f9a1c52-5a5e-5c8e-9d0b-3f1f3c1b7a10")
"""Namespace of the identifiers, so that one narration always gives the same bundle."""


def to_fhir(document: Mapping[str, Any], *, subject: str | None = None) -> dict[str, Any]:
    """The bundle of a narration as JSON values.

    Args:
        document: A narration in the form of its JSON.
        subject: Reference of the patient on the receiving server, as `Patient/123`; none by default.

    Raises:
        ValueError: `subject` is not a reference to a Patient.
    """
    if subject is not None and not (subject.startswith("Patient/") and subject.removeprefix("Patient/")):
        raise ValueError(f"subject must be a reference as 'Patient/123', got {subject!r}")
    seed = f"{document['recording']['digest']}|{json.dumps(document['model'], sort_keys=True, default=str)}"
    device = _Entry("Device", seed, "device", _device(document["model"]))
    about = {} if subject is None else {"subject": {"reference": subject, "type": "Patient"}}
    observations = [
        _Entry("Observation", seed, f"claim {i}", {**_observation(device, about), **_of_claim(claim)})
        for i, claim in enumerate(document["claims"])
        if claim["status"] != "contradicted"
    ] + [
        _Entry("Observation", seed, f"event {i}", {**_observation(device, about), **_of_event(event)})
        for i, event in enumerate(document["events"])
    ]
    report = _Entry("DiagnosticReport", seed, "report", {**_report(document), **about})
    report.resource["result"] = [entry.reference for entry in observations]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": SCHEMA_URI, "value": document["recording"]["digest"]},
        "entry": [entry.to_dict() for entry in (report, device, *observations)],
    }


def write_fhir(path: Path, document: Mapping[str, Any]) -> None:
    """Write the bundle of a narration."""
    text = json.dumps(to_fhir(document), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


class _Entry:
    """A resource of the bundle with the identifier by which the others point to it."""

    def __init__(self, kind: str, seed: str, role: str, resource: dict[str, Any]) -> None:
        self.kind = kind
        self.url = f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{seed}|{role}')}"
        self.resource = {"resourceType": kind, **resource}

    @property
    def reference(self) -> dict[str, str]:
        return {"reference": self.url, "type": self.kind}

    def to_dict(self) -> dict[str, Any]:
        return {"fullUrl": self.url, "resource": self.resource}


def _device(model: Mapping[str, Any]) -> dict[str, Any]:
    weights = f"{model['name']} {model['revision']}" if model.get("revision") else str(model["name"])
    return {
        "deviceName": [{"name": "neuronarrator_hf", "type": "model-name"}],
        "type": {"text": "EEG narration software"},
        "version": [
            {"type": {"text": "software"}, "value": str(model["version"])},
            {"type": {"text": "model"}, "value": weights},
        ],
        "note": [{"text": "Not a medical device; its output is for review by a qualified reader."}],
    }


def _report(document: Mapping[str, Any]) -> dict[str, Any]:
    paragraphs = "".join(
        f"<p><b>{html.escape(title(name))}:</b> {html.escape(text)}</p>"
        for name, text in document["sections"].items()
        if text
    )
    last = f"<p>{html.escape(document['disclaimer'])}</p>"
    return {
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}{last}</div>',
        },
        "status": "preliminary",
        "category": [_concept("http://terminology.hl7.org/CodeSystem/v2-0074", "EN", "Electroneuro")],
        "code": _concept("http://loinc.org", "11523-8", "EEG study"),
        "conclusion": f"{document['sections'].get('impression', '')} {document['disclaimer']}".strip(),
    }


def _observation(device: _Entry, about: Mapping[str, Any]) -> dict[str, Any]:
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "status": "preliminary",
        "category": [_concept(category, "procedure", "Procedure")],
        "device": device.reference,
        "method": {"text": "Automated analysis of scalp EEG"},
        **about,
    }


def _of_claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    """A claim of the whole recording; what was not assessed has no value and says why."""
    components = [
        *_times(claim["start_s"], claim["end_s"]),
        *_range("frequency", claim["frequency_hz"], "Hz"),
        *_range("amplitude", claim["amplitude_uv"], "uV"),
    ]
    if claim["prevalence"]:
        components.append({"code": _measure("prevalence"), "valueString": claim["prevalence"]})
    if claim["confidence"] is not None:
        components.append(_quantity("confidence", claim["confidence"], "1"))
    notes = [claim_words(claim), told_evidence(claim)]
    return {
        "code": _finding(claim["finding"]),
        **_value(claim["polarity"], claim["hedged"]),
        **_body_site(claim["side"], claim["regions"]),
        **({"component": components} if components else {}),
        "note": [{"text": text} for text in notes if text],
    }


def _of_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event with its onset, counted from the start of the recording: narrations carry no date."""
    components = [
        *_times(event["onset_s"], event["onset_s"] + event["duration_s"]),
        *_range("frequency", event["frequency_hz"], "Hz"),
    ]
    if event["confidence"] is not None:
        components.append(_quantity("confidence", event["confidence"], "1"))
    if event["channels"]:
        components.append({"code": _measure("channels"), "valueString": ", ".join(event["channels"])})
    return {
        "code": _finding(event["finding"]),
        **_value("present", event["candidate"]),
        **_body_site(event["side"], event["regions"]),
        "component": components,
    }


def _value(polarity: str, is_candidate: bool) -> dict[str, Any]:
    if polarity == "not_assessed":
        reason = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        return {"dataAbsentReason": _concept(reason, "not-performed", "Not Performed")}
    if is_candidate:
        return {"valueCodeableConcept": {"text": f"Possible ({polarity})"}}
    code, display = _PRESENCE[polarity]
    return {"valueCodeableConcept": _concept(_SNOMED, code, display)}


def _finding(finding: str) -> dict[str, Any]:
    name = finding_name(finding)
    return {
        "coding": [{"system": FINDING_SYSTEM, "code": finding, "display": name}],
        "text": f"{name}: {VOCABULARY[finding].definition}",
    }


def _body_site(side: str | None, regions: Any) -> dict[str, Any]:
    where = place(side, regions)
    return {"bodySite": {"text": f"Scalp EEG, {where}"}} if where else {}


def _times(start_s: float | None, end_s: float | None) -> list[dict[str, Any]]:
    if start_s is None or end_s is None:
        return []
    return [_quantity("onset", start_s, "s"), _quantity("duration", round(end_s - start_s, 3), "s")]


def _range(name: str, values: Any, unit: str) -> list[dict[str, Any]]:
    if values is None:
        return []
    low, high = values
    if low == high:
        return [_quantity(name, low, unit)]
    bounds = {"low": _amount(low, unit), "high": _amount(high, unit)}
    return [{"code": _measure(name), "valueRange": bounds}]


def _quantity(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"code": _measure(name), "valueQuantity": _amount(value, unit)}


def _amount(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}


_MEASURES = {
    "onset": "Onset from the start of the recording",
    "duration": "Duration",
    "frequency": "Frequency",
    "amplitude": "Amplitude, peak to peak",
    "prevalence": "Prevalence",
    "confidence": "Calibrated probability",
    "channels": "Channels named by the evidence",
}


def _measure(name: str) -> dict[str, Any]:
    display = _MEASURES[name]
    return {"coding": [{"system": MEASURE_SYSTEM, "code": name, "display": display}], "text": display}


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}
