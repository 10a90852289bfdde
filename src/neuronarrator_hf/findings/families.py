"""From frames to claims: families of findings resolved by place, band, frequency and polarity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from .frames import Frame
from .quantise import ONE_SIDED_IDS
from .schema import Claim
from .vocabulary import define

GROUPS: dict[str, tuple[str, ...]] = {
    "EPI": ("spikes", "spike_and_wave", "polyspikes"),
    "PD": ("lpd", "gpd", "bipd"),
    "RDA": ("lrda", "grda"),
    "RPP": ("lpd", "gpd", "bipd", "lrda", "grda"),
    "SLOW": ("focal_slowing", "generalized_theta_slowing", "generalized_delta_slowing"),
    "SLOWGEN": ("generalized_theta_slowing", "generalized_delta_slowing"),
    "SLEEPWAVES": ("sleep_spindles", "k_complexes", "vertex_waves"),
    "SLEEP": ("n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"),
    "ARTIFACT": (
        "eye_blinks",
        "lateral_eye_movements",
        "muscle_artifact",
        "electrode_artifact",
        "line_noise",
        "ecg_artifact",
        "movement_artifact",
        "flat_channel",
    ),
}
"""What the denial (or the missing assessment) of a whole family denies."""

_BAND_IDS = {"theta": "generalized_theta_slowing", "delta": "generalized_delta_slowing"}
_OPPOSITE = {"left": "right", "right": "left"}
_THETA_FROM_HZ = 4.0


def resolve(frames: list[Frame]) -> Iterator[Claim]:
    """The claims that the frames of one sentence make."""
    for before, frame in pairwise(frames):
        if frame.inverse:
            _pass_on(frame, before)
    excepted = {
        m for frame in frames if frame.excepted and frame.polarity == "present" for m in _members(frame)
    }
    for frame in _merged(frames):
        for finding in _members(frame):
            if not (frame.polarity == "absent" and finding in excepted):
                yield _claim(frame, finding)


def _pass_on(frame: Frame, before: Frame) -> None:
    """A property ("symmetric") owns no quantities: what stands after it belongs to what stands before."""
    for name in ("frequency_hz", "amplitude_uv", "prevalence"):
        if getattr(before, name) is None:
            setattr(before, name, getattr(frame, name))


def _merged(frames: list[Frame]) -> list[Frame]:
    """Mentions that say one thing twice become one: "diffusely slow, with theta activity"."""
    merged: list[Frame] = []
    for frame in frames:
        twin = next((other for other in reversed(merged) if _are_one(other, frame)), None)
        if twin is None:
            merged.append(frame)
        else:
            _absorb(twin, frame)
    return merged


def _are_one(first: Frame, second: Frame) -> bool:
    if first.polarity != second.polarity or second.inverse or first.inverse:
        return False
    if _is_slowing(first) and _is_slowing(second):
        return not second.is_placed
    if {first.meaning, second.meaning} != {"asymmetry", "ASYM"} and _members(first) != _members(second):
        return False
    return not (second.sides or second.regions) or not (first.sides or first.regions)


def _absorb(frame: Frame, other: Frame) -> None:
    if _is_slowing(frame):
        bands = {*_bands(frame), *_bands(other)}
        frame.bands = "+".join(sorted(bands)) if bands else None
    frame.sides += other.sides
    frame.regions += other.regions
    frame.focal |= other.focal
    frame.lateral |= other.lateral
    frame.hedged |= other.hedged
    frame.compared |= other.compared
    for name in ("frequency_hz", "amplitude_uv", "prevalence", "direction", "since_s"):
        if getattr(frame, name) is None:
            setattr(frame, name, getattr(other, name))
    if "asymmetry" in (frame.meaning, other.meaning):
        frame.meaning = "asymmetry"
    if "SLOWGEN:" in (frame.meaning, other.meaning):
        frame.meaning = "SLOWGEN:"


def _is_slowing(frame: Frame) -> bool:
    return frame.meaning.startswith("SLOW")


def _bands(frame: Frame) -> list[str]:
    named = frame.bands or (frame.meaning.partition(":")[2] if _is_slowing(frame) else "")
    return [band for band in named.split("+") if band]


def _members(frame: Frame) -> tuple[str, ...]:
    """The ids that a frame speaks of."""
    family = frame.meaning.partition(":")[0]
    if family.startswith("SLOW"):
        return _slowing(frame, family)
    if family == "gpd" and frame.lateral and frame.polarity != "present":
        return ("lpd", "gpd")
    sided = any(side in ("left", "right") for side in frame.sides) or frame.lateral
    general = "generalized" in frame.regions
    if family == "PD":
        if frame.polarity == "present" or sided or general:
            local = sided or (bool(frame.regions) and not general)
            return (*(("lpd",) if local else ()), *(("gpd",) if general or not local else ()))
    elif family == "RDA":
        lateral = sided or bool({"temporal", "central", "parietal"} & set(frame.regions))
        if frame.polarity == "present" or lateral or general:
            return (*(("lrda",) if lateral else ()), *(("grda",) if general or not lateral else ()))
    elif family in ("ASYM", "ASYMHIGH"):
        return ("asymmetry",) if any(">" in side or side in ("left", "right") for side in frame.sides) else ()
    elif family == "ATTEN":
        return ("asymmetry",) if {"left", "right"} & set(frame.sides) else ("extreme_low_voltage",)
    elif family == "ALPHA":
        return ("posterior_dominant_rhythm",) if frame.frequency_hz else ()
    elif family in ("SLEEP", "SLEEPWAVES", "ARTIFACT") and frame.polarity == "present":
        return ()
    return tuple(member for part in family.split("+") for member in _of_part(part, frame.polarity))


def _of_part(part: str, polarity: str) -> tuple[str, ...]:
    """The ids behind one part of a meaning: of epileptiform discharges only the plain ones are asserted."""
    if part == "EPI" and polarity == "present":
        return ("spikes",)
    return GROUPS.get(part, (part,))


def _slowing(frame: Frame, family: str) -> tuple[str, ...]:
    bands = _bands(frame)
    local = [region for region in frame.regions if region != "generalized"]
    general = "generalized" in frame.regions or family == "SLOWGEN"
    focal = frame.focal or any(side != "bilateral" for side in frame.sides) or bool(local)
    if frame.polarity != "present" and not bands:
        if focal and not general:
            return ("focal_slowing",)
        return GROUPS["SLOWGEN"] if general and not focal else GROUPS["SLOW"]
    if focal and not general:
        return ("focal_slowing",)
    if not bands and frame.frequency_hz is not None:
        low, high = frame.frequency_hz
        bands = [*(["theta"] if high > _THETA_FROM_HZ else []), *(["delta"] if low < _THETA_FROM_HZ else [])]
    return tuple(_BAND_IDS[band] for band in ("theta", "delta") if band in (bands or ["theta"]))


def _claim(frame: Frame, finding: str) -> Claim:
    attributes = define(finding).attributes
    times = sorted(frame.times_s)
    if frame.polarity != "present":
        if not (frame.gone and "change" in attributes):
            return _plain_claim(finding, frame.polarity)
        return Claim(finding, frame.polarity, change=frame.change)
    side, regions = _place(frame, finding)
    return Claim(
        finding=finding,
        hedged=frame.hedged,
        side=side if "side" in attributes else None,
        regions=regions if "regions" in attributes else (),
        frequency_hz=frame.frequency_hz if "frequency_hz" in attributes else None,
        amplitude_uv=frame.amplitude_uv if "amplitude_uv" in attributes else None,
        prevalence=frame.amount if "prevalence" in attributes else None,
        change=frame.change if "change" in attributes else None,
        start_s=times[0] if times else None,
        end_s=times[-1] if len(times) > 1 else None,
    )


@lru_cache(maxsize=256)
def _plain_claim(finding: str, polarity: str) -> Claim:
    return Claim(finding, polarity)


def _place(frame: Frame, finding: str) -> tuple[str | None, tuple[str, ...]]:
    attributes = define(finding).attributes
    side, regions = _side(frame, finding), tuple(frame.regions)
    if finding in ONE_SIDED_IDS and side not in ("left", "right"):
        side = None
    if "generalized" in regions and "regions" in attributes:
        if "side" not in attributes or side not in ("left", "right"):
            return None, ("generalized",)
        regions = tuple(region for region in regions if region != "generalized")
    return side, regions


def _side(frame: Frame, finding: str) -> str | None:
    sides = set(frame.sides)
    compared = next((side.split(">") for side in frame.sides if ">" in side), None)
    if compared is not None:  # "left more than right": bilateral, but for what compares the sides
        stronger, weaker = compared
        sides = {"posterior_dominant_rhythm": {stronger}, "asymmetry": {weaker}}.get(finding, {"bilateral"})
    elif frame.meaning == "ASYMHIGH":
        sides = {_OPPOSITE.get(side, side) for side in sides}
    if "bilateral" in sides or {"left", "right"} <= sides:
        return "bilateral"
    return next((side for side in ("left", "right", "midline") if side in sides), None)
