"""Measurers: one module per family of findings, signal in, claims out."""

from .measure import measure_windows
from .pages import pool_measurements
from .result import WindowMeasurement

__all__ = ["WindowMeasurement", "measure_windows", "pool_measurements"]
