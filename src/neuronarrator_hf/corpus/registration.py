"""Lets `load_dataset` find the builders of this package by name.

`load_dataset` no longer runs scripts. The builders that ship with `datasets` stand in a table that its
documentation does not mention; entering ours there costs no import. Where it is gone, the classes still work.
"""

from __future__ import annotations

from importlib.metadata import version
from types import ModuleType

BUILDERS = {"neurocorpus": "NeuroCorpus", "eegfolder": "EEGFolder"}
"""Name for `load_dataset` to class; each in a module of its name, as `datasets` wants it."""


def register_builders(packaged_modules: ModuleType) -> None:
    """Enter the builders into the table of `datasets.packaged_modules`."""
    table = getattr(packaged_modules, "_PACKAGED_DATASETS_MODULES", None)
    if isinstance(table, dict):
        for name in BUILDERS:
            table.setdefault(
                name, (f"{__package__}.{name}", f"neuronarrator_hf-{version('neuronarrator_hf')}")
            )
