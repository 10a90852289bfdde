"""What stands in an EDF file beside the signal: annotations and, in public sets, demographics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .source import Annotation

_DEMOGRAPHICS = re.compile(r"\b(female|male)_(\d{1,3})yr", re.IGNORECASE)

_TUH_SEX = re.compile(r"(?:^|\s)([FM])(?:\s|$)")
_TUH_AGE = re.compile(r"\bAge:(\d{1,3})\b")


def edf_annotations(path: Path) -> Iterator[Annotation]:
    """Annotations of an EDF+ file, texts as they are: for files of public sets, whose texts are labels."""
    import edfio

    for annotation in edfio.read_edf(path).annotations:
        start_s = float(annotation.onset)
        end_s = start_s + float(annotation.duration or 0.0)
        yield Annotation(annotation.text, start_s, end_s)


def header_demographics(path: Path) -> tuple[float | None, str | None]:
    """Age in years and sex of a patient field in the form of EDF+ (code, sex, birthdate, name).

    Sex is its second part. Age is told only where the name of a de-identified public set says it
    (`X F X Female_33yr`): a birthdate there is shifted or made up.
    """
    with path.open("rb") as file:
        patient = file.read(168)[8:88].decode("latin-1")
    if match := _DEMOGRAPHICS.search(patient):
        return float(match.group(2)), match.group(1)[0].upper()
    parts = patient.split()
    return None, parts[1] if len(parts) >= 4 and parts[1] in ("F", "M") else None


def tuh_demographics(path: Path) -> tuple[float | None, str | None]:
    """Age in years and sex from a TUH patient field (`aaaaaaac M 01-JAN-1964 aaaaaaac Age:36`)."""
    with path.open("rb") as file:
        patient = file.read(168)[8:88].decode("latin-1")
    age, sex = _TUH_AGE.search(patient), _TUH_SEX.search(patient)
    return (float(age.group(1)) if age else None), (sex.group(1) if sex else None)
