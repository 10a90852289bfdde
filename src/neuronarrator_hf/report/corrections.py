"""A reader's corrections beside the machine's claims, and pairs of both for later training.

The file of corrections names segments by their start, or the whole recording, and what the reader says of a
finding there. Nothing of the machine's is overwritten: every corrected claim keeps what the machine said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..findings.schema import Claim
from ..findings.select import select_for_text
from ..findings.vocabulary import ABNORMAL_IDS
from ..findings.write import write_segment

SCHEMA = "neuronarrator.corrections/1"
VERDICTS = ("agree", "change", "remove", "add")
WHOLE = "recording"
_TOLERANCE_S = 0.05


def read_corrections(path: Path) -> dict[str, Any]:
    """Read and check a file of corrections.

    Raises:
        ValueError: It is none; the message says which entry is wrong, and how it should be.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        raise ValueError(f'{path}: is no file of corrections; it needs "schema": "{SCHEMA}"')
    for number, entry in enumerate(values.get("corrections", ()), 1):
        _check(entry, f"{path}: correction {number}")
    return values


def apply(document: Mapping[str, Any], corrections: Mapping[str, Any]) -> dict[str, Any]:
    """A narration with the reader's corrections beside its claims.

    Every claim that the reader spoke of gets `reader`: the verdict, the reader's claim (None where it was
    removed) and the note. Added claims have `machine: null`. Text and machine claims stay as they were.

    Args:
        document: A narration in the form of its JSON.
        corrections: As `read_corrections` gives them.

    Raises:
        ValueError: The corrections are of another recording, or of a segment or claim that is not there.
    """
    told, have = corrections.get("recording"), document["recording"]["digest"]
    if told != have:
        raise ValueError(f"the corrections are of recording {told}, the narration is of {have}")
    chunks = [{**chunk, "claims": [dict(c) for c in chunk["claims"]]} for chunk in document["chunks"]]
    result = {**document, "claims": [dict(c) for c in document["claims"]], "chunks": chunks}
    for number, entry in enumerate(corrections["corrections"], 1):
        place = _place(result, entry["at"], number)
        if entry["verdict"] == "add":
            place.append({**_claim(entry), "status": "unchecked", "reader": _verdict(entry), "machine": None})
            continue
        claim = next((c for c in place if c["finding"] == entry["finding"] and "machine" not in c), None)
        if claim is None:
            raise ValueError(f"correction {number}: the narration says nothing of {entry['finding']} there")
        claim["reader"] = _verdict(entry)
    result["corrections"] = {"schema": SCHEMA, "reader": corrections.get("reader", ""), "recording": told}
    return result


def training_pairs(corrected: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The segments that a reader looked at: what the machine said, and what it should have said.

    `rejected` is the machine's paragraph, `chosen` the wording of the reader's claims; both speak of the
    same window of the same signal, so that the pair can be used for preference or supervised training.

    Args:
        corrected: What `apply` returned.
    """
    pairs = []
    for chunk in corrected["chunks"]:
        if not any("reader" in claim for claim in chunk["claims"]):
            continue
        claims = _consistent(list(_as_read(chunk["claims"])), chunk["claims"])
        pairs.append(
            {
                "recording": corrected["recording"]["digest"],
                "timestamp": list(chunk["timestamp"]),
                "rejected": chunk["text"],
                "chosen": write_segment(select_for_text({c.finding: c for c in claims}), variety=0.0),
                "claims": [claim.to_dict() for claim in claims],
                "agreed": all(c["reader"]["verdict"] == "agree" for c in chunk["claims"] if "reader" in c),
            }
        )
    return pairs


def write_pairs(path: Path, corrected: Mapping[str, Any]) -> int:
    """Write the pairs as JSON lines; gives their number."""
    pairs = training_pairs(corrected)
    text = "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs)
    path.write_text(text, encoding="utf-8")
    return len(pairs)


def _as_read(claims: Iterable[Mapping[str, Any]]) -> Iterable[Claim]:
    """The claims as the reader left them; those not spoken of stand as the machine made them."""
    for claim in claims:
        if "reader" not in claim:
            if claim["status"] != "contradicted":
                yield Claim.from_dict(_plain(claim))
        elif claim["reader"]["claim"] is not None:
            yield Claim.from_dict(claim["reader"]["claim"])
        elif claim["reader"]["verdict"] == "agree":
            yield Claim.from_dict(_plain(claim))


def _consistent(claims: list[Claim], told: Iterable[Mapping[str, Any]]) -> list[Claim]:
    """Without the machine's verdict on the whole where what is left contradicts it.

    What the reader says of normal or abnormal stands; the reader's silence does not make a segment normal.
    """
    by_reader = {c["finding"] for c in told if "reader" in c}
    is_abnormal = any(c.is_present and c.finding in ABNORMAL_IDS for c in claims)
    wrong = {"normal"} if is_abnormal else {"abnormal"}
    kept = [c for c in claims if c.finding not in wrong - by_reader]
    if is_abnormal and not {"normal", "abnormal"} & {c.finding for c in kept}:
        kept.append(Claim("abnormal"))
    return kept


def _plain(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in claim.items() if k not in ("reader", "machine")}


def _verdict(entry: Mapping[str, Any]) -> dict[str, Any]:
    has_claim = entry["verdict"] in ("change", "add")
    return {
        "verdict": entry["verdict"],
        "claim": _claim(entry) if has_claim else None,
        "note": entry.get("note", ""),
    }


def _claim(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The reader's claim, checked by its schema."""
    fields = dict(entry.get("claim", {}))
    for name in ("regions", "frequency_hz", "amplitude_uv"):
        if fields.get(name) is not None:
            fields[name] = tuple(fields[name])
    return Claim(finding=entry["finding"], **fields).to_dict()


def _place(document: dict[str, Any], at: Any, number: int) -> list[dict[str, Any]]:
    if at == WHOLE:
        claims: list[dict[str, Any]] = document["claims"]
        return claims
    for chunk in document["chunks"]:
        if abs(chunk["timestamp"][0] - at) < _TOLERANCE_S:
            of_chunk: list[dict[str, Any]] = chunk["claims"]
            return of_chunk
    raise ValueError(f"correction {number}: no segment starts at {at} s")


def _check(entry: Any, where: str) -> None:
    if not isinstance(entry, Mapping):
        raise ValueError(f"{where}: must be an object, got {entry!r}")
    verdict = entry.get("verdict")
    if verdict not in VERDICTS:
        raise ValueError(f"{where}: verdict must be one of {', '.join(VERDICTS)}, got {verdict!r}")
    if entry.get("at") != WHOLE and not isinstance(entry.get("at"), (int, float)):
        raise ValueError(f"{where}: at must be the start of a segment in seconds or {WHOLE!r}")
    try:
        _claim(entry)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from None
