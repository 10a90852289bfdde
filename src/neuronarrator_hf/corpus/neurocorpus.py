"""The module in which `load_dataset("neurocorpus")` finds its one builder."""

from .builders import NeuroCorpus

__all__ = ["NeuroCorpus"]
