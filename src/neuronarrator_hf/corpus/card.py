"""The data card of a corpus: what `load_dataset` needs, and what a reader has to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from .columns import COLUMNS, FIELDS
from .rows import SIMULATED, SIMULATED_LICENCE
from .sources import SOURCES
from .sources.source import SPLITS

_PASSED_ON = "may be passed on with credit"
_KEPT = "**for its holder alone; not to be passed on**"


def write_card(statistics: Mapping[str, Any], shards: Sequence[Path], *, skipped: int = 0) -> str:
    """The card: YAML header with a configuration per source and one of all, then prose and tables."""
    sources = sorted({path.parent.name for path in shards})
    free = all(source == SIMULATED or SOURCES[source].redistributable for source in sources)
    configs = [_config("all", "*", shards), *(_config(s, s, shards) for s in sources)]
    configs[0]["default"] = True
    header = {
        "pretty_name": "NeuroCorpus",
        "language": ["en"],
        "license": SIMULATED_LICENCE.lower() if sources == [SIMULATED] else "other",
        "task_categories": ["text-generation"],
        "tags": ["eeg", "electroencephalography", "clinical-neurophysiology"],
        "size_categories": [_size(int(statistics["n_rows"]))],
        "configs": configs,
    }
    return "\n".join(
        [
            "---",
            yaml.safe_dump(header, sort_keys=False).strip(),
            "---",
            "# NeuroCorpus",
            "",
            "Segments of scalp EEG (10 s, 200 Hz, any montage) with findings and one paragraph each. Every "
            "paragraph parses back to exactly its findings. Findings are measured on the segment; where a "
            "source has labels, labels decide what they speak of. Simulated rows have exact truth.",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            'rows = load_dataset("DIR_OR_REPOSITORY", split="train").with_format("numpy")',
            "```",
            "",
            "Not a medical device. The errors of the rules that measure are published with the package.",
            "",
            *([] if free else ["Some rows may not be passed on: see the table.", ""]),
            "## Sources",
            "",
            *_sources_table(statistics, sources),
            "",
            "## Columns",
            "",
            *_columns(),
            "",
            "## Statistics",
            "",
            *_statistics(statistics, skipped),
            "",
            "## Credit",
            "",
            *(
                f"- {SOURCES[source].title}: {SOURCES[source].citation}"
                for source in sources
                if source in SOURCES
            ),
            *(["- simulated: the simulator of neuronarrator_hf"] if SIMULATED in sources else []),
            "",
        ]
    )


def _config(name: str, pattern: str, shards: Sequence[Path]) -> dict[str, Any]:
    wanted = [path for path in shards if pattern in ("*", path.parent.name)]
    there = [split for split in SPLITS if any(path.name.startswith(f"{split}-") for path in wanted)]
    return {
        "config_name": name,
        "data_files": [{"split": s, "path": f"data/{pattern}/{s}-*.parquet"} for s in there],
    }


def _size(n_rows: int) -> str:
    bounds = (("n<1K", 1e3), ("1K<n<10K", 1e4), ("10K<n<100K", 1e5), ("100K<n<1M", 1e6))
    return next((name for name, bound in bounds if n_rows < bound), "1M<n<10M")


def _columns() -> Iterator[str]:
    for name, meaning in COLUMNS.items():
        yield f"- `{name}`: {meaning}"
        for field, told in FIELDS.get(name, {}).items():
            yield f"  - `{field}`: {told}"


def _sources_table(statistics: Mapping[str, Any], sources: Sequence[str]) -> list[str]:
    lines = ["| source | rows | licence | passing on | what its labels mean |", "|---|---|---|---|---|"]
    for name in sources:
        n = sum(v["rows"] for place, v in statistics["sources"].items() if place.startswith(f"{name}/"))
        if name == SIMULATED:
            lines.append(
                f"| {name} | {n} | {SIMULATED_LICENCE} | {_PASSED_ON} | exact truth of the simulation |"
            )
            continue
        source = SOURCES[name]
        passing = _PASSED_ON if source.redistributable else _KEPT
        lines.append(f"| {source.title} (`{name}`) | {n} | {source.licence} | {passing} | {source.meaning} |")
    return lines


def _model(counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    accepted, rejected, instead = (counts.get(name, 0) for name in ("accepted", "rejected", "fallback"))
    return [
        f"Paragraphs of a language model that say exactly their findings and were taken: {accepted}. "
        f"Rejected: {rejected}, {100 * rejected / (accepted + rejected):.1f} % of what it wrote. Paragraphs "
        f"that the grammar wrote after all attempts: {instead}.",
        "",
    ]


def _statistics(statistics: Mapping[str, Any], skipped: int) -> list[str]:
    text = statistics["text"]
    lines = ["| source and split | segments | recordings | persons | hours |", "|---|---|---|---|---|"]
    for place, v in statistics["sources"].items():
        lines.append(f"| {place} | {v['rows']} | {v['recordings']} | {v['persons']} | {v['hours']} |")
    lines += [
        "",
        f"Paragraphs that parse to exactly their findings: {100 * text['faithful_share']:.2f} %. Words: "
        f"{text['words_min']} to {text['words_max']}, mean {text['words_mean']}. Duplicates: "
        f"{100 * text['duplicate_share']:.2f} %. Distinct-1/2/3: {text['distinct_1']}, {text['distinct_2']}, "
        f"{text['distinct_3']}. Self-BLEU: {text['self_bleu']}. Recordings skipped: {skipped}.",
        "",
        *_model(text["model"]),
        "| finding | present | absent | not assessed | label differs |",
        "|---|---|---|---|---|",
    ]
    for finding, counts in statistics["coverage"].items():
        cells = [counts.get(p, 0) for p in ("present", "absent", "not_assessed")]
        cells.append(statistics["disagreements"].get(finding, 0))
        lines.append(f"| {finding} | " + " | ".join(str(cell) for cell in cells) + " |")
    return lines
