"""What the classes of this package have in common on the Hub: their code is installed, never copied."""

from __future__ import annotations


class InstalledCode:
    """For a class that transformers may load through a repository's `auto_map`.

    Transformers marks such a class so that saving copies its source file and what it imports. The
    classes here come from the installed package, whichever way they were found.
    """

    @classmethod
    def register_for_auto_class(cls, auto_class: str | None = None) -> None:
        """Copy nothing when an object of this class is saved; `auto_map` stays as it was loaded."""


__all__ = ["InstalledCode"]
