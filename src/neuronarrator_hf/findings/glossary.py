"""The glossary of the documentation, made from the vocabulary.

Printed by `python -m neuronarrator_hf.findings.glossary`.
"""

from __future__ import annotations

from itertools import groupby

from .families import GROUPS
from .grammar.nouns import FAMILY_NOUNS
from .vocabulary import ABNORMAL_IDS, PREVALENCES, REGIONS, VOCABULARY, FindingDefinition

_ATTRIBUTES = {
    "side": "side",
    "regions": "region",
    "frequency_hz": "frequency",
    "amplitude_uv": "amplitude",
    "prevalence": "prevalence",
    "change": "change",
}
_TITLES = {
    "state": "State",
    "background": "Background",
    "sleep": "Sleep",
    "epileptiform": "Epileptiform",
    "rhythmic_periodic": "Rhythmic and periodic patterns",
    "ictal": "Ictal",
    "artifact": "Artifacts",
    "summary": "Overall judgement",
}
_LIST_OF_REGIONS = ", ".join(REGIONS)
_LIST_OF_PREVALENCES = ", ".join(PREVALENCES)
_INTRODUCTION = f"""\
# Glossary

Every finding that the package measures, words, reads and checks. Made from `findings/vocabulary.py`
by `python -m neuronarrator_hf.findings.glossary > docs/glossary.md`; a test holds the two together.

Sources: **IFCN 2017** (Kane et al., revised glossary of terms of clinical
electroencephalographers), **ACNS 2021** (Hirsch et al., standardized critical care EEG
terminology), **SCORE 2** (Beniczky et al., 2017), **AASM** (manual for the scoring of sleep),
**Kural et al. 2020** (criteria of epileptiform discharges). ACNS terms were made for critical care;
outside it they are to be read as "ACNS-style". Burst suppression follows ACNS (suppression below 10
µV), not the 20 µV of SCORE.

*HED* is the tag in the library schema `score_2.1.0`, checked with hedtools 1.3.0; a dash where the
schema has no tag of that meaning (low voltage, brief attenuations, slow waves as such, flat
channel). Some tags are wider than the finding: rhythmic delta has one tag for both its forms, an
electrode artifact only the nonbiological one.

*May be worded* are the attributes a claim of the finding may carry; all others are dropped.
Frequencies are rounded to 0.5 Hz (1 Hz for beta activity and the mains, 0.25 Hz below 1 Hz for
rhythmic and periodic patterns), amplitudes to 5 µV below 50, 10 below 200, 50 above.
Regions: {_LIST_OF_REGIONS}.
Prevalence (ACNS 2021): {_LIST_OF_PREVALENCES}, for < 1, 1-9, 10-49, 50-89 and >= 90 % of the time.
**Abnormal** marks what makes a segment abnormal.
"""


def glossary() -> str:
    """The glossary as Markdown."""
    parts = [_INTRODUCTION]
    for group, definitions in groupby(VOCABULARY.values(), key=lambda d: d.group):
        parts.append(f"## {_TITLES[group]}\n")
        parts += [_entry(definition) for definition in definitions]
    parts.append("## Families\n")
    parts.append("One word may deny several findings at once:\n")
    parts += [
        f'- "{FAMILY_NOUNS[family].names[0]}": {", ".join(f"`{member}`" for member in members)}'
        for family, members in GROUPS.items()
        if family in FAMILY_NOUNS
    ]
    return "\n".join(parts) + "\n"


def _entry(definition: FindingDefinition) -> str:
    worded = [words for name, words in _ATTRIBUTES.items() if name in definition.attributes]
    lines = [
        f"### {definition.name}\n",
        f"{definition.definition}\n",
        f"*In plain words:* {definition.gloss}\n",
    ]
    facts = [f"`{definition.id}`", definition.source]
    if definition.id in ABNORMAL_IDS:
        facts.append("**abnormal**")
    if definition.frequency_range_hz is not None:
        low, high = definition.frequency_range_hz
        facts.append(f"{low:g}-{high:g} Hz")
    facts.append(f"may be worded: {', '.join(worded) or 'presence only'}")
    facts.append(f"HED: {f'`{definition.hed_tag}`' if definition.hed_tag else '-'}")
    return "\n".join([*lines, " · ".join(facts), ""])


if __name__ == "__main__":
    print(glossary(), end="")
