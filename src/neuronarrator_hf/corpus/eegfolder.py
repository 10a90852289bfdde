"""The module in which `load_dataset("eegfolder")` finds its one builder."""

from .builders import EEGFolder

__all__ = ["EEGFolder"]
