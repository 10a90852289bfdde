"""Numbers, places and intervals in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .quantise import SEGMENT_S

Pick = Callable[[Sequence[str]], str]
"""Chooses one of several wordings; the first is the fixed one."""

_PREFIXES = {
    "frontal": "fronto",
    "central": "centro",
    "temporal": "temporo",
    "parietal": "parieto",
    "occipital": "occipito",
}
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


def number(value: float) -> str:
    """A number without needless decimals."""
    return f"{value:g}"


def quantity(value: tuple[float, float], unit: str, pick: Pick) -> str:
    """A value or range with its unit: "9.5 Hz", "2 to 3 Hz"."""
    low, high = (number(v) for v in value)
    if low == high:
        return f"{low} {unit}"
    return pick((f"{low} to {high} {unit}", f"{low}-{high} {unit}", f"{low}–{high} {unit}"))


def frequency(value: tuple[float, float], pick: Pick) -> str:
    """A frequency in hertz."""
    return quantity(value, "Hz", pick)


def amplitude(value: tuple[float, float], pick: Pick) -> str:
    """An amplitude in microvolts."""
    return quantity(value, "µV", pick)


def joined(items: Sequence[str], word: str = "and") -> str:
    """A list in words: "a, b and c"; with a comma before the last of three where one is itself a list."""
    *head, last = items
    if not head:
        return last
    comma = "," if len(head) > 1 and any(is_list(item) for item in items) else ""
    return f"{', '.join(head)}{comma} {word} {last}"


def is_list(words: str) -> bool:
    """Whether the words are a list themselves: "rhythmic or periodic patterns"."""
    return " or " in words or " and " in words


def compound(regions: Sequence[str]) -> str:
    """Regions as one adjective: "fronto-temporal"."""
    return "-".join([*(_PREFIXES[region] for region in regions[:-1]), regions[-1]])


def place_adjective(side: str | None, regions: Sequence[str], pick: Pick, *, is_diffuse: bool = True) -> str:
    """Side and regions before a noun: "left temporal", "bifrontal"; empty where neither is known.

    `is_diffuse` tells whether "diffuse" may be said for "generalized", as nobody does of discharges.
    """
    if regions == ("generalized",):
        return pick(("generalized", "diffuse")) if is_diffuse else "generalized"
    if not regions:
        if side in ("left", "right"):
            return pick((f"{side}-sided", f"{side} hemispheric"))
        return side or ""
    words = compound(regions)
    if side == "bilateral":
        if len(regions) == 1 and regions[0] != "generalized":
            return pick((f"bi{words}", f"bilateral {words}"))
        return f"bilateral {words}"
    return f"{side} {words}" if side else words


def place_phrase(side: str | None, regions: Sequence[str], pick: Pick, *, is_apart: bool = False) -> str:
    """Side and regions after a noun: "over the left temporal region".

    `is_apart` names several regions one by one, where "fronto-parietal" would tell of one area.
    """
    if regions == ("generalized",):
        return pick(("over all head regions", "in a generalized distribution"))
    over = pick(("over", "in"))
    if not regions:
        if side == "bilateral":
            return "over both hemispheres"
        return (
            pick(("over the midline", "in the midline"))
            if side == "midline"
            else f"over the {side} hemisphere"
        )
    noun = pick(("region", "area", "leads", "head region"))
    words = compound(regions) if len(regions) < 3 else joined(regions)
    if len(regions) > 1:
        words = joined(regions) if is_apart else pick((words, joined(regions)))
    if " " in words:
        noun = pick(("regions", "areas", "leads"))
    if side == "bilateral":
        return (
            f"{over} the {words} {_plural(noun)} bilaterally"
            if len(regions) > 1
            else f"{over} both {words} {_plural(noun)}"
        )
    return f"{over} the {side} {words} {noun}" if side else f"{over} the {words} {noun}"


def _plural(noun: str) -> str:
    return noun if noun.endswith("s") else noun + "s"


def interval(since_s: float) -> str:
    """How long ago: "30 seconds earlier", "a minute earlier"."""
    if since_s < 60:
        return f"{number(since_s)} seconds earlier"
    unit, count = ("minute", since_s / 60) if since_s < 3600 else ("hour", since_s / 3600)
    if count == 1:
        return f"{'an' if unit == 'hour' else 'a'} {unit} earlier"
    return f"{_COUNTS.get(int(count), number(count))} {unit}s earlier"


def than(since_s: float | None, pick: Pick) -> str:
    """What a comparative compares with: "in the preceding segment"."""
    if since_s is None:
        return pick(("before", "earlier in the recording"))
    if since_s == SEGMENT_S:
        return pick(("in the preceding segment", "in the previous segment", "in the segment before"))
    if since_s == 60:
        return pick(("a minute earlier", "in the preceding minute"))
    return interval(since_s)


def since(since_s: float | None, pick: Pick) -> str:
    """The same for what happened: " since the preceding segment"; empty without an interval."""
    if since_s is None:
        return ""
    if since_s == SEGMENT_S:
        return f" since the {pick(('preceding', 'previous'))} segment"
    how_long = interval(since_s).removesuffix(" earlier").removeprefix("an ").removeprefix("a ")
    return f" over the {pick(('last', 'past'))} {how_long}"


def compared_with(since_s: float | None, pick: Pick, anchors: Sequence[str]) -> str:
    """The same for other words: " compared with the preceding segment"; empty without an interval."""
    if since_s is None:
        return ""
    anchor = pick(tuple(anchors))
    if since_s == SEGMENT_S:
        return f" {anchor} the {pick(('preceding', 'previous'))} segment"
    if since_s == 60:
        return f" {anchor} {pick(('the preceding minute', 'a minute earlier'))}"
    return f" {anchor} {interval(since_s)}"
