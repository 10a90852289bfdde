"""The page of the demo: its parts, what they are wired to, and the endpoint for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ..narration.engine import HISTORY_MODES
from ..recording.page import MONTAGES, SENSITIVITIES_UV
from . import views
from .desk import EXAMPLE, UPLOAD, Desk, Update
from .uploads import separate_uploads, uploads_only
from .views import View
from .visit import EXAMPLES, FILE_TYPES, MAX_BYTES, MAX_DURATION_S, MAX_VISIT_S, RefusedError

HERE = Path(__file__).resolve().parent
MAX_WAITING = 20
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_id": "narrate", "concurrency_limit": 1}
"""The model carries the mode of its history while it speaks."""
_DOWNLOADS = {
    "html": "Report (HTML)",
    "json": "Everything (JSON)",
    "md": "Text (Markdown)",
    "edf": "Signal and events (EDF+)",
}

HISTORY_WORDS = {"ssm": "whole recording", "prompt": "last three segments", "none": "none"}
"""History mode to what a visitor reads."""

_TELL_SHARE = """
element.addEventListener("click", (event) => {
  const strip = event.target.closest(".nn-overview");
  if (!strip || event.target.closest("figcaption")) return;
  const box = strip.getBoundingClientRect();
  trigger("click", { share: Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) });
});
"""
"""Where the strip was clicked, as a share of its width."""
_TURN_BY_KEYS = """
element.tabIndex = 0;
element.addEventListener("keydown", (event) => {
  const scroller = element.querySelector(".nn-scroll");
  const button = { ArrowLeft: ".nn-previous", ArrowRight: ".nn-next" }[event.key];
  if (!button || !scroller || scroller.scrollWidth > scroller.clientWidth) return;
  event.preventDefault();
  document.querySelector(button).click();
});
"""
"""The arrow keys turn the page where they need not scroll it."""
_KEEP_IN_MIND = f"""(source, example, files, ...others) => {{
  window.taken = source === {UPLOAD!r} ? JSON.stringify(files) : null;
  return [source, example, files, ...others];
}}"""
_DROP_WHAT_WAS_TAKEN = "(files) => [files && JSON.stringify(files) === window.taken ? null : files]"
"""A run deletes the upload that it takes; one that was made while it ran is still there."""
_BRING_PAGE_INTO_VIEW = (
    '() => document.querySelector(".nn-page")?.scrollIntoView({ block: "nearest", behavior: "smooth" })'
)


def visitor(request: gr.Request) -> str:
    """What tells visitors apart; a request without it belongs to nobody."""
    if not request.session_hash:
        raise gr.Error("Open the page in a browser.")
    return request.session_hash


def build(desk: Desk, choices: Sequence[str]) -> gr.Blocks:
    """The page.

    Args:
        desk: What the controls do.
        choices: Who can narrate.
    """
    separate_uploads()

    def leave(request: gr.Request) -> None:
        desk.visits.end(visitor(request))

    with gr.Blocks(
        title="NeuroNarrator", analytics_enabled=False, delete_cache=(300, MAX_VISIT_S), fill_width=False
    ) as page:
        parts = lay_out(choices)
        _wire(parts, desk)
        _offer(desk, choices)
        page.unload(leave)
    page.queue(max_size=MAX_WAITING, default_concurrency_limit=4)
    return page


def lay_out(choices: Sequence[str]) -> dict[str, Any]:
    """The parts of the page by name."""
    parts: dict[str, Any] = {}
    gr.HTML((HERE / "header.html").read_text(encoding="utf-8"))
    _lay_out_choices(parts, choices)
    parts["status"] = gr.HTML(views.status_line("Choose a recording and press Narrate."))
    parts["verdict"] = gr.HTML(visible=False)
    with gr.Column(visible=False) as parts["study"]:
        _lay_out_study(parts)
    with gr.Column(visible=False) as parts["outcome"]:
        _lay_out_outcome(parts)
    with gr.Accordion("About and limits", open=False):
        gr.Markdown((HERE / "about.md").read_text(encoding="utf-8"))
    return parts


def _lay_out_choices(parts: dict[str, Any], choices: Sequence[str]) -> None:
    """What is narrated, by whom, and the button."""
    with gr.Row():
        with gr.Column(min_width=300):
            parts["source"] = gr.Radio([EXAMPLE, UPLOAD], value=EXAMPLE, label="Recording")
            parts["example"] = gr.Dropdown(list(EXAMPLES), value=next(iter(EXAMPLES)), label="Example")
            with gr.Column(visible=False) as parts["own"]:
                field = gr.File(
                    label="Recording",
                    show_label=False,
                    file_count="multiple",
                    file_types=list(FILE_TYPES),
                    height=130,
                )
                parts["upload"] = uploads_only(field)
                gr.HTML(
                    '<p class="nn-warn"><b>Upload nothing that identifies a person.</b> De-identify first: '
                    "<code>neuronarrator deidentify recording.edf --out copy.edf</code>. "
                    "Uploads are deleted as soon as they are narrated.</p>"
                    f'<p class="nn-soft">Up to {MAX_BYTES // 1024**2} MB and {MAX_DURATION_S // 60} minutes: '
                    "EDF, BDF, GDF, FIF, CNT, Nihon Kohden; EEGLAB or BrainVision with all their files.</p>",
                )
        with gr.Column(min_width=300):
            parts["history"] = gr.Radio(
                [(HISTORY_WORDS[mode], mode) for mode in HISTORY_MODES],
                value=HISTORY_MODES[0],
                label="History that the words may draw on",
            )
            with gr.Row():
                parts["words"] = gr.Dropdown(
                    list(choices), value=choices[0], label="Model", min_width=160, scale=2
                )
                # A text: an empty number would come as 0, and be the age of a newborn.
                parts["age"] = gr.Textbox(
                    label="Age in years", placeholder="unknown", max_lines=1, min_width=100, scale=1
                )
    with gr.Row():
        parts["start"] = gr.Button("Narrate", variant="primary", scale=4, min_width=160)
        parts["stop"] = gr.Button("Stop", interactive=False, scale=1, min_width=80)


def _lay_out_study(parts: dict[str, Any]) -> None:
    """The recording, page by page, with what is said of it beside it."""
    parts["overview"] = gr.HTML(js_on_load=_TELL_SHARE)
    with gr.Row(elem_classes="nn-tools"):
        parts["previous"] = gr.Button(
            "\N{LEFTWARDS ARROW} Previous", scale=0, min_width=110, elem_classes="nn-previous"
        )
        parts["segment"] = gr.Slider(1, 2, value=1, step=1, label="Segment of 10 s", scale=5, min_width=210)
        parts["next"] = gr.Button("Next \N{RIGHTWARDS ARROW}", scale=0, min_width=110, elem_classes="nn-next")
        parts["montage"] = gr.Dropdown(
            list(MONTAGES), value=View().montage, label="Montage", scale=5, min_width=200
        )
        parts["gain"] = gr.Dropdown(
            [("automatic", views.AUTOMATIC), *((f"{s:g} µV per lane", s) for s in SENSITIVITIES_UV)],
            value=views.AUTOMATIC, label="Gain", scale=3, min_width=150,
        )  # fmt: skip
        parts["band"] = gr.Dropdown(
            list(views.BANDS_HZ), value=View().band, label="Filter", scale=3, min_width=130
        )
    with gr.Row():
        with gr.Column(min_width=320, scale=9):
            parts["page"] = gr.HTML(js_on_load=_TURN_BY_KEYS)
        with gr.Column(min_width=300, scale=5):
            parts["narrative"] = gr.HighlightedText(
                label="Narrative: click a sentence to see its segment",
                color_map=views.STATUS_COLOURS, show_legend=True, elem_classes="nn-narrative",
            )  # fmt: skip
    with gr.Row():
        with gr.Column(min_width=320, scale=9):
            parts["details"] = gr.HTML()
        with gr.Column(min_width=300, scale=5):
            parts["fields"] = gr.HTML()


def _lay_out_outcome(parts: dict[str, Any]) -> None:
    """What is known once all is narrated, and what can be taken home."""
    gr.HTML("<h3>Report</h3>")
    parts["report"] = gr.HTML()
    parts["events"] = gr.Dataframe(
        headers=list(views.EVENT_COLUMNS), datatype="str", interactive=False, wrap=True,
        column_widths=["8%", "10%", "38%", "18%", "13%", "13%"],
        label="Events: click a row to see its page", max_height=340, elem_classes="nn-events",
    )  # fmt: skip
    with gr.Row():
        for kind, label in _DOWNLOADS.items():
            parts[f"file_{kind}"] = gr.DownloadButton(label, min_width=150)


def _wire(parts: dict[str, Any], desk: Desk) -> None:
    def update(values: Update) -> dict[Any, Any]:
        """Values by name as Gradio takes them: a `dict` changes properties, and nothing has to be said."""
        changes = {
            parts[name]: gr.update(**value) if isinstance(value, dict) else value
            for name, value in values.items()
        }
        return changes or gr.skip()

    def narrate(
        source: str,
        example: str,
        uploads: list[str],
        words: str,
        history: str,
        age: str,
        request: gr.Request,
    ) -> Iterator[dict[Any, Any]]:
        for values in desk.narrate(source, example, uploads, words, history, age, visitor(request)):
            yield update(values)

    def moved_by(step: int) -> Callable[..., dict[Any, Any]]:
        def move(segment: float, gain: float, montage: str, band: str, request: gr.Request) -> dict[Any, Any]:
            view = View(gain, montage, band)
            return update(desk.show(int(segment) - 1 + step, view, visitor(request)))

        return move

    def to_share(
        gain: float, montage: str, band: str, event: gr.EventData, request: gr.Request
    ) -> dict[Any, Any]:
        return update(desk.show_share(float(event.share), View(gain, montage, band), visitor(request)))

    def to_piece(
        gain: float, montage: str, band: str, event: gr.SelectData, request: gr.Request
    ) -> dict[Any, Any]:
        return update(desk.show_piece(event.index, View(gain, montage, band), visitor(request)))

    def to_event(
        gain: float, montage: str, band: str, event: gr.SelectData, request: gr.Request
    ) -> dict[Any, Any]:
        return update(desk.show_event(event.row_value, View(gain, montage, band), visitor(request)))

    def choose(source: str) -> tuple[Any, Any]:
        return gr.update(visible=source == EXAMPLE), gr.update(visible=source == UPLOAD)

    def note(paths: list[str], request: gr.Request) -> None:
        desk.visits.note_uploads(visitor(request), paths)

    def stop(request: gr.Request) -> dict[Any, Any]:
        return update(desk.stop(visitor(request)))

    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    shown = [parts[name] for name in ("overview", "page", "fields", "details", "segment")]
    view = [parts[name] for name in ("gain", "montage", "band")]
    place = [parts["segment"], *view]
    parts["source"].change(
        choose,
        parts["source"], [parts["example"], parts["own"]], queue=False, **hidden,
    )  # fmt: skip
    parts["upload"].change(
        note,
        parts["upload"], queue=False, **hidden,
    )  # fmt: skip
    narrated = parts["start"].click(
        narrate,
        [parts[name] for name in ("source", "example", "upload", "words", "history", "age")],
        [part for name, part in parts.items() if name != "upload"],
        api_name="narrate_on_page",
        api_visibility="private",
        show_progress="minimal",
        show_progress_on=parts["status"],
        js=_KEEP_IN_MIND,
        **ONE_AT_A_TIME,
    )
    narrated.then(None, parts["upload"], parts["upload"], js=_DROP_WHAT_WAS_TAKEN, **hidden)
    parts["stop"].click(
        stop,
        None, [parts["status"], parts["stop"]], queue=False, **hidden,
    )  # fmt: skip
    latest: dict[str, Any] = {**hidden, "trigger_mode": "always_last"}  # a click while one is answered counts
    parts["previous"].click(moved_by(-1), place, shown, **hidden)
    parts["next"].click(moved_by(1), place, shown, **hidden)
    for moved in (parts["segment"].input, *(part.input for part in view)):
        moved(moved_by(0), place, shown, **latest)
    parts["overview"].click(to_share, view, shown, **latest)
    for part, handler in ((parts["narrative"], to_piece), (parts["events"], to_event)):
        part.select(handler, view, shown, **latest).then(None, js=_BRING_PAGE_INTO_VIEW, **hidden)


def _offer(desk: Desk, choices: Sequence[str]) -> None:
    """The endpoint `/narrate` for programs: an uploaded recording in, the JSON of its narration out."""

    def narrate(recording: list[str], words: str, history: str, age: str) -> dict[str, Any]:
        """Narrate an EEG recording: a report, and paragraphs of 10 s with claims checked against the signal.

        Preliminary output, for review by a qualified reader; not a medical device.

        Args:
            recording: An uploaded file that holds a whole recording (EDF, BDF, GDF, FIF); no address.
            words: Who words it, a model of this server or the measurements alone.
            history: How the past enters: ssm, prompt or none.
            age: Age of the patient in years; empty if it is not known.
        """
        try:
            return desk.narrate_once(recording, words, history, age)
        except RefusedError as refused:
            raise gr.Error(str(refused)) from refused

    recording = uploads_only(gr.File(label="Recording", visible=False))
    words = gr.Dropdown(list(choices), value=choices[0], label="Model", visible=False)
    history = gr.Dropdown(list(HISTORY_MODES), value=HISTORY_MODES[0], label="History", visible=False)
    age = gr.Textbox(label="Age in years", value="", visible=False)
    gr.Button(visible=False).click(
        narrate, [recording, words, history, age], gr.JSON(visible=False), api_name="narrate", **ONE_AT_A_TIME
    )
