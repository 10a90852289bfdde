"""A page to browse: some rows of a corpus with trace, text and claims, in one file."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jinja2 import Environment

_TEMPLATE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>NeuroCorpus: a sample</title>
<meta name="viewport" content="width=device-width">
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;
padding:0 1rem}article{border-top:1px solid #8886;padding:1rem 0}svg{width:100%;height:auto}
path{fill:none;stroke:currentColor;stroke-width:.7}text{font-size:9px;fill:currentColor}
table{border-collapse:collapse;font-size:.85em}td,th{padding:.1em .7em;text-align:left}.d{color:#b40}</style>
<h1>NeuroCorpus: a sample of {{ rows|length }} segments</h1>
<p><label>Show source <select onchange="for(const a of document.querySelectorAll('article'))
a.hidden=this.value&&a.dataset.source!==this.value"><option value="">all</option>
{% for s in sources %}<option>{{ s }}</option>{% endfor %}</select></label></p>
{% for row in rows %}<article data-source="{{ row.source }}"><h2>{{ row.id }}</h2>
<p>{{ row.split }}{% if row.age_years is not none %}, {{ '%g'|format(row.age_years) }} years{% endif %}{% if
row.sex
%}, {{ row.sex }}{% endif %}; {{ '%g'|format(row.start_s) }} to {{ '%g'|format(row.end_s) }} s</p>
<svg viewBox="0 0 1000 {{ 18 * row.traces|length + 10 }}" role="img" aria-label="EEG, 10 s, 100 microvolts a
step">
{% for name, line in row.traces %}<text x="0" y="{{ 18 * loop.index }}">{{ name }}</text>
<path d="{{ line }}"/>{% endfor %}</svg>
<p>{{ row.text }}</p>
<details><summary>{{ row.present|length }} findings
present</summary><table><tr><th>finding<th>side<th>regions<th>Hz
<th>µV<th>origin</tr>{% for c in row.present %}<tr><td>{{ c.finding }}<td>{{ c.side or '' }}
<td>{{ (c.regions or [])|join(', ') }}<td>{{ (c.frequency_hz or [])|map('round', 2)|join('-') }}
<td>{{ (c.amplitude_uv or [])|map('round')|join('-') }}<td>{{ c.origin }}</tr>{% endfor %}</table></details>
{% if row.labels %}<p>Labels: {{ row.labels|map(attribute='label')|unique|join(', ') }}</p>{% endif %}
{% if row.disagreements %}<p class="d">Label and measurement differ: {{ row.disagreements|join(', ')
}}</p>{% endif %}
</article>{% endfor %}</html>
"""
_UV_PER_STEP = 100.0
_STEP = 18


def sample_page(rows: Iterable[Mapping[str, Any]]) -> str:
    """HTML of rows with their signal, as `read_rows` gives them."""
    shown = [_shown(row) for row in rows]
    page = Environment(autoescape=True).from_string(_TEMPLATE)
    return page.render(rows=shown, sources=sorted({row["source"] for row in shown}))


def draw_rows(shards: Sequence[Path], n: int = 30, seed: int = 0) -> dict[Path, list[int]]:
    """Shards to numbers of random rows of theirs: a like number of each source, `n` in all."""
    rng = random.Random(seed)
    places: dict[str, list[tuple[Path, int]]] = {}
    for path in shards:
        count = pq.read_metadata(path).num_rows
        places.setdefault(path.parent.name, []).extend((path, i) for i in range(count))
    share = max(1, -(-n // max(len(places), 1)))
    chosen = [place for found in places.values() for place in rng.sample(found, min(share, len(found)))][:n]
    drawn: dict[Path, list[int]] = {}
    for path, index in sorted(chosen):
        drawn.setdefault(path, []).append(index)
    return drawn


def read_rows(path: Path, indices: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of a shard by their numbers, the signal as `(n_channels, 2000)`; other row groups are not read."""
    rows, first = [], 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            end = first + file.metadata.row_group(group).num_rows
            wanted = [index - first for index in indices if first <= index < end]
            if wanted:
                table = file.read_row_group(group).take(wanted)
                signals = table.column("eeg_uv").combine_chunks()
                rows += [
                    {**row, "eeg_uv": _matrix(signals[i : i + 1])}
                    for i, row in enumerate(table.drop_columns("eeg_uv").to_pylist())
                ]
            first = end
    return rows


def _matrix(rows: pa.Array) -> np.ndarray:
    """The one matrix of a column of matrices, without going through Python numbers."""
    stored = rows.storage if isinstance(rows, pa.ExtensionArray) else rows
    lines = stored.flatten()
    return lines.flatten().to_numpy().reshape(len(lines), -1)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    eeg_uv = row["eeg_uv"][:, ::4]
    traces = []
    for i, (name, good) in enumerate(zip(row["ch_names"], row["channel_mask"], strict=True)):
        y = _STEP * (i + 1) - np.clip(eeg_uv[i] / _UV_PER_STEP, -3, 3) * _STEP
        x = 40 + np.arange(len(y)) * 960 / len(y)
        points = " ".join(f"{a:.0f},{b:.1f}" for a, b in zip(x, y, strict=True)) if good else ""
        traces.append((name, f"M{points}" if points else ""))
    present = [claim for claim in row["claims"] if claim["polarity"] == "present"]
    return {**row, "traces": traces, "present": present}
