"""A source of recordings: where they lie, and what its labels say in our words and in its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.reading import Recording, read_recording

from .origin import Origin

SPLITS = ("train", "validation", "test")
COPY_AGAIN = "copy the original file again"


class SourceError(ValueError):
    """A folder does not hold what was expected; one line with what, where and the remedy."""


@dataclass(frozen=True)
class Annotation:
    """A label as the source has it.

    Attributes:
        label: The source's own word.
        start_s: Start in seconds from the start of the recording as opened; None for all of it.
        end_s: End in seconds; None for all of it.
        channels: Channels it is about, in the source's spelling; empty for all.
        rater: Who says so; empty where the source does not tell.
        values: Numbers that belong to it, such as the votes of experts by class.
    """

    label: str
    start_s: float | None = None
    end_s: float | None = None
    channels: tuple[str, ...] = ()
    rater: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordingRef:
    """One recording of a source and all that its source says of it.

    Attributes:
        source: Name of the source.
        recording_id: Unique within the source and stable: made of names of folders and files.
        path: The file.
        subject: The person, in the source's spelling.
        person: As `subject`, the same for one person in every source of a family (`tuh:aaaaaaac`).
        split: Official split, one of `SPLITS`, or None.
        age_years: Age, or None.
        sex: `F`, `M` or None.
        annotations: Labels in the source's own words: what benchmarks are made of.
        assertions: What the labels say in the vocabulary: claims with `start_s` and `end_s`, both None where
            they hold throughout. A present one holds over the whole stretch named, an absent one everywhere
            inside it where no present one is. Nothing is asserted that the label does not say.
        facts: Labels of the recording or the person that are no findings, by name (`diagnosis`, `outcome`).
        units: Unit of the stored numbers where the file is known to say it wrongly.
        load: Makes of `path` what `read_recording` takes, for formats it does not read; picklable.
        redistributable: Overrides that of the source, for collections of several licences.
        licence: As above.
        fault: Why it cannot be used although its file is there: its labels are damaged.
    """

    source: str
    recording_id: str
    path: Path
    subject: str
    person: str
    split: str | None = None
    age_years: float | None = None
    sex: str | None = None
    annotations: tuple[Annotation, ...] = ()
    assertions: tuple[Claim, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    units: str | None = None
    load: Callable[[Path], Any] | None = None
    redistributable: bool | None = None
    licence: str | None = None
    fault: str | None = None

    def __post_init__(self) -> None:
        if self.split not in (None, *SPLITS):
            raise ValueError(f"split must be one of {', '.join(SPLITS)} or None, got {self.split!r}")

    def open(self) -> Recording:
        """The recording, through the one door.

        Raises:
            RecordingError: It cannot be used.
        """
        if self.fault is not None:
            raise RecordingError(self.path.name, self.fault, COPY_AGAIN)
        if self.load is None:
            return read_recording(self.path, units=self.units)
        try:
            loaded = self.load(self.path)
        except (OSError, ValueError, KeyError) as error:
            reason = f"it cannot be read ({type(error).__name__})"
            raise RecordingError(self.path.name, reason, COPY_AGAIN) from None
        return read_recording(loaded, units=self.units)


@dataclass(frozen=True)
class Source:
    """A public dataset, or a kind of folder.

    Attributes:
        name: Name on the command line and of the configuration.
        title: Name in prose.
        licence: Licence, in the words its publisher uses.
        redistributable: Whether rows made of it may be passed on.
        citation: What to cite.
        access: How to get it; made of `origin` where there is one.
        layout: What its folder looks like, for the error where it does not.
        meaning: What its labels mean in the vocabulary and what they do not.
        find: Yields its recordings below a folder, in a fixed order.
        family: Sources of one family share their identifiers of persons.
        origin: Where it is openly published; None where it is not.
    """

    name: str
    title: str
    licence: str
    redistributable: bool
    citation: str
    layout: str
    meaning: str
    find: Callable[[Path], Iterable[RecordingRef]]
    access: str = ""
    family: str = ""
    origin: Origin | None = None

    def __post_init__(self) -> None:
        if self.origin is not None:
            object.__setattr__(self, "access", self.origin.command(self.name))

    def recordings(self, root: str | Path) -> Iterator[RecordingRef]:
        """Every recording below `root`, in a fixed order.

        Raises:
            SourceError: The folder is missing or holds none.
        """
        root = Path(root)
        if not root.is_dir():
            raise SourceError(f"{root}: there is no such folder; {self.access}")
        found = False
        for ref in self.find(root):
            found = True
            yield ref
        if not found:
            raise SourceError(
                f"{root}: holds no recording of {self.title}; expected {self.layout}; {self.access}"
            )


def read_or_fault(read: Callable[[], Iterable[Annotation]]) -> tuple[tuple[Annotation, ...], str | None]:
    """Labels, or why there are none: a recording with damaged labels is left out, not taken without."""
    try:
        return tuple(read()), None
    except Exception as error:
        return (), f"its labels cannot be read ({type(error).__name__})"


def throughout(finding: str, *, present: bool = True) -> Claim:
    """A claim about all of a recording."""
    return Claim(finding, "present" if present else "absent")


def person_of(family: str, subject: str) -> str:
    """The person behind a subject, unique over all sources."""
    return f"{family}:{subject}"
