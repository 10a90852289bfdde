"""Where a source is openly published: the place, the files that are needed, and whose they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

PUBLISHERS = {
    "physionet": "https://physionet.org/files",
    "zenodo": "https://zenodo.org/api/records",
    "openneuro": "https://s3.amazonaws.com/openneuro.org",
}
"""Publisher to the address below which its sets lie."""


@dataclass(frozen=True)
class Origin:
    """An openly downloadable set.

    Attributes:
        publisher: One of `PUBLISHERS`.
        place: The set there: `chbmit/1.0.0`, a Zenodo record, or a folder of a bucket.
        wanted: Pattern of the files that a build reads, by path below the folder of the set.
        subject: Pattern whose first group is the person a file belongs to; files without it are for all.
    """

    publisher: str
    place: str
    wanted: str
    subject: str

    def __post_init__(self) -> None:
        if self.publisher not in PUBLISHERS:
            raise ValueError(f"publisher must be one of {', '.join(PUBLISHERS)}, got {self.publisher!r}")

    def is_wanted(self, name: str) -> bool:
        """Whether a build reads the file."""
        return re.fullmatch(self.wanted, name) is not None

    def subject_of(self, name: str) -> str | None:
        """The person a file belongs to; None for files of the whole set."""
        match = re.search(self.subject, name)
        return match.group(1) if match else None

    def command(self, source: str) -> str:
        """How to get it."""
        return f"get it with: neuronarrator corpus download --source {source} --out DIR"
