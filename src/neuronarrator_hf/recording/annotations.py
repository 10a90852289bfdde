"""Annotations as codes from a closed list: free text can hold names and never passes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ON_OFF = r"(?:[ _-]?(?:onset|start|begin|on|end|offset|stop|off|\d+ ?(?:min|s|sec)?))?"
_PHOTIC = rf"(?:photic|flash|ips|strobe)(?: stim(?:ulation)?)?(?:[ :_-]*\d+(?:\.\d+)? ?(?:hz)?|{_ON_OFF})"
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("gap", r"bad[ _]acq[ _]skip|(?:edge |bad )?boundary|new segment|recording (?:paused|resumed)"),
    ("seizure_marked", r"(?:electrographic |clinical |eeg )?(?:seizure|sz|seiz|ictal|crisis)" + _ON_OFF),
    ("eyes_open", r"eyes?[ _-]?open(?:ed)?|eo|open eyes"),
    ("eyes_closed", r"eyes?[ _-]?clos(?:ed|e)|ec|close eyes"),
    ("hyperventilation", r"(?:post[ -]?)?(?:hyperventilation|hyperventilate|hv)" + _ON_OFF),
    ("photic_stimulation", _PHOTIC),
    ("sleep_stage_w", r"sleep[ _]stage[ _](?:w|wake)|wake|awake|stage w"),
    ("sleep_stage_n1", r"sleep[ _]stage[ _](?:n?1)|stage (?:n?1)|n1"),
    ("sleep_stage_n2", r"sleep[ _]stage[ _](?:n?2)|stage (?:n?2)|n2"),
    ("sleep_stage_n3", r"sleep[ _]stage[ _](?:n?[34])|stage (?:n?[34])|n3"),
    ("sleep_stage_r", r"sleep[ _]stage[ _](?:r|rem)|rem|stage r"),
    ("asleep", r"asleep|sleep|sleeping"),
    ("drowsy", r"drowsy|drowsiness"),
    ("spike_marked", r"spikes?|sharp waves?|spike[ -]and[ -]wave|ied"),
    ("movement", r"movements?|moving|mvt|body movement"),
    ("artifact_marked", r"art[ei]facts?|bad(?:[ _]segment)?|blinks?|(?:chew|talk|cough)(?:ing)?"),
    ("impedance_check", r"impedance(?: check)?|calibration|cal"),
    ("lights_off", r"lights?[ _]off"),
    ("lights_on", r"lights?[ _]on"),
    ("recording_start", r"recording starts?|start recording|record(?:ing)? start|start"),
    ("recording_end", r"recording ends?|stop recording|rec(?:ording)? stop|end"),
)  # fmt: skip

_CODES = tuple((code, re.compile(pattern)) for code, pattern in _PATTERNS)

ANNOTATION_CODES: tuple[str, ...] = tuple(code for code, _ in _PATTERNS)
"""Every code that an annotation can become."""


@dataclass(frozen=True)
class Annotation:
    """An event that the recording came with, as a code of `ANNOTATION_CODES`."""

    onset_s: float
    duration_s: float
    code: str


def annotation_code(text: str) -> str | None:
    """The code of an annotation's text, or None where the text is not on the list as a whole."""
    plain = " ".join(text.strip().lower().split()).strip(" .:;!")
    return next((code for code, pattern in _CODES if pattern.fullmatch(plain)), None)


def code_annotations(events: Iterable[tuple[float, float, str]]) -> tuple[tuple[Annotation, ...], int]:
    """Coded annotations of `(onset_s, duration_s, text)` events, and how many were left out."""
    kept, n_dropped = [], 0
    for onset_s, duration_s, text in events:
        code = annotation_code(text)
        if code is None:
            n_dropped += 1
        else:
            kept.append(Annotation(round(float(onset_s), 6), round(float(duration_s), 6), code))
    return tuple(kept), n_dropped
