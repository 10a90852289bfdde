"""The vocabulary, its glossary and its tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from neuronarrator_hf.findings.families import GROUPS
from neuronarrator_hf.findings.glossary import glossary
from neuronarrator_hf.findings.grammar.nouns import FAMILY_NOUNS, NOUNS
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, VOCABULARY, define

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_glossary_is_made_from_the_vocabulary():
    assert (DOCS / "glossary.md").read_text(encoding="utf-8") == glossary(), (
        "run: python -m neuronarrator_hf.findings.glossary > docs/glossary.md"
    )


def test_every_finding_has_words():
    assert set(NOUNS) == set(FINDING_IDS)
    assert set(FAMILY_NOUNS) <= set(GROUPS)
    assert all(set(members) <= set(FINDING_IDS) for members in GROUPS.values())


def test_definitions_are_complete():
    for definition in VOCABULARY.values():
        assert definition.definition and definition.source and definition.gloss.endswith(".")
        assert (definition.frequency_range_hz is not None) == ("frequency_hz" in definition.attributes)


def test_unknown_finding_names_the_vocabulary():
    with pytest.raises(ValueError, match="posterior_dominant_rhythm"):
        define("alpha")


def test_tags_are_in_the_score_schema():
    schema = pytest.importorskip("hed.schema").load_schema_version("score_2.1.0")
    tags = {entry.short_tag_name for entry in schema.tags.all_entries}
    assert {d.hed_tag for d in VOCABULARY.values() if d.hed_tag} <= tags
