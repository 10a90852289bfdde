"""The one error of this package."""

from __future__ import annotations


class RecordingError(ValueError):
    """A recording cannot be used: one line with its name, the reason and the remedy.

    The message never repeats text of a header or of a vendor's reader: either can hold a patient's name.
    """

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name = " ".join(str(name).split()) or "recording"
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{self.name}: {reason}; {remedy}")

    def __reduce__(self) -> tuple:
        return type(self), (self.name, self.reason, self.remedy)
