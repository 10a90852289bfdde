"""What a channel label says: the kind of channel, the place of a device label, what may be shown of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from neuronarrator_hf.recording.derivations import electrode_pair
from neuronarrator_hf.signal.montage import canonical_name

_KIND_WORDS: dict[str, str] = {
    "ecg": "ecg ekg ekgl ekgr cardiac heart",
    "eog": "eog heog veog loc roc lloc rloc e1 e2 lue rue leue reue loe roe lloe rloe lio rio lso rso pg1 "
    "pg2 eye",
    "emg": "emg chin leg tib lat rat masseter arm delt hl hr",
    "respiration": "resp abd abdomen abdo tho thor thorax chest flow airflow nasal snore therm nasalpress "
    "cannula effort",
    "pulse": "so2 sao2 spo2 osat pulse pleth pr hrate heartrate etco2 co2 ibp nibp icp temp temperature",
    "trigger": "sti stim status trig trigger event marker mark dig dtrig photic photo phot flash counter "
    "annotations",
    "device": "dc aux bio bat battery acc accel gyro pos position light ref reref gnd ground ibi burst "
    "bursts suppr suppression imp sync osc mic audio video gsr eda galv body rate",
}
_KINDS = tuple(
    (kind, re.compile(rf"(?:eeg|pol)?[\s_]*(?:{words.replace(' ', '|')})(?![a-z])", re.IGNORECASE))
    for kind, words in _KIND_WORDS.items()
)
_ANY_WORD = "|".join(" ".join(_KIND_WORDS.values()).split())
_KNOWN_WORDS = re.compile(
    rf"(?:(?:eeg|pol|ref|ref_eeg|i{{1,3}}|{_ANY_WORD})(?![a-z])[\s_\d+-]*){{1,4}}", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?:EEG[\s_-]*)?[A-Z]{0,3}[\s_-]?\d{1,4}(?:[\s_-]*REF)?", re.IGNORECASE)
_MNE_KINDS = {
    "ecg": "ecg", "eog": "eog", "emg": "emg", "stim": "trigger", "resp": "respiration", "bio": "device",
    "syst": "device", "exci": "device", "ias": "device", "temperature": "pulse", "gsr": "device",
}  # fmt: skip
_REFERENCE_WORD = re.compile(
    r"[-_](LE|RE|AR|AVG|AV|CAR|REF|A1\+?A2|A1|A2|M1|M2|CPz|Cz)\d*$", re.IGNORECASE
)  # fmt: skip
_REFERENCES = {
    "LE": "linked ears", "A1A2": "linked ears", "A1+A2": "linked ears", "AR": "average", "AVG": "average",
    "AV": "average", "CAR": "average", "REF": "not named", "RE": "not named", "": "not named",
}  # fmt: skip
_BIOSEMI_32 = (
    "Fp1 AF3 F7 F3 FC1 FC5 T7 C3 CP1 CP5 P7 P3 Pz PO3 O1 Oz "
    "O2 PO4 P4 P8 CP6 CP2 C4 T8 FC6 FC2 F4 F8 AF4 Fp2 Fz Cz"
)
_BIOSEMI_64 = (
    "Fp1 AF7 AF3 F1 F3 F5 F7 FT7 FC5 FC3 FC1 C1 C3 C5 T7 TP7 CP5 CP3 CP1 P1 P3 P5 P7 P9 PO7 PO3 O1 Iz Oz "
    "POz Pz CPz Fpz Fp2 AF8 AF4 AFz Fz F2 F4 F6 F8 FT8 FC6 FC4 FC2 FCz Cz C2 C4 C6 T8 TP8 CP6 CP4 CP2 P2 P4 "
    "P6 P8 P10 PO8 PO4 O2"
)


def other_kind(label: str, kind: str | None = None) -> str | None:
    """What a channel is beside EEG (`ecg`, `eog`, ..., `device`), where its label or the format says so."""
    for other, pattern in _KINDS:
        if pattern.match(label):
            return other
    return format_kind(kind)


def format_kind(kind: str | None) -> str | None:
    """Kind of a channel that the format itself tells to be no EEG, else None."""
    return _MNE_KINDS.get(kind or "")


def named_reference(labels: Sequence[str]) -> str:
    """The reference that most labels name after a dash."""
    found = Counter(
        match.group(1).upper() if (match := _REFERENCE_WORD.search(label.strip(" ."))) else ""
        for label in labels
    )
    word = found.most_common(1)[0][0] if found else ""
    return _REFERENCES.get(word, word)


def net_labels(labels: Sequence[str]) -> set[str]:
    """Labels of a geodesic net (E1, E2, ...), which are no eye electrodes when there are many of them."""
    found = {label.strip() for label in labels if re.fullmatch(r"E\d{1,3}", label.strip())}
    return found if len(found) > 8 else set()


def cap_electrodes(labels: Sequence[str]) -> dict[str, str]:
    """Electrodes of a BioSemi cap of 32 or 64, whose channels are called A1 ... A32 (and B1 ... B32)."""
    found = {label.strip() for label in labels if re.fullmatch(r"[A-Z]\d{1,2}", label.strip())}
    bank_a, bank_b = ({f"{bank}{i}" for i in range(1, 33)} for bank in "AB")
    if not bank_a <= found or any(label[0] not in "AB" and int(label[1:]) > 8 for label in found):
        return {}
    banks, order = ("AB", _BIOSEMI_64) if bank_b <= found else ("A", _BIOSEMI_32)
    return dict(zip((f"{bank}{i}" for bank in banks for i in range(1, 33)), order.split(), strict=True))


def is_device_grid(labels: Sequence[str]) -> bool:
    """Whether the labels are a lettered grid (A1 ... A16, B1 ...) whose names only look like electrodes."""
    letters: dict[str, set[int]] = {}
    for label in labels:
        match = re.fullmatch(r"([A-Z])(\d{1,2})", label.strip())
        if match:
            letters.setdefault(match.group(1), set()).add(int(match.group(2)))
    runs = {
        letter
        for letter, found in letters.items()
        if len(found) >= 8 and found >= set(range(1, len(found) + 1))
    }
    return "A" in runs and ("B" in runs or len(letters["A"]) >= 16) and not cap_electrodes(labels)


def shown_label(label: str, number: int) -> str:
    """The label if it is made of known words, else its number: a label is free text and can hold a name."""
    plain = label.strip()
    known = (
        canonical_name(plain)
        or electrode_pair(plain)
        or _NUMBERED.fullmatch(plain)
        or _KNOWN_WORDS.fullmatch(plain)
    )
    return plain if known else f"channel {number}"
