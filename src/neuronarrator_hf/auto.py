"""`import neuronarrator_hf.auto` registers everything with transformers at once."""

from __future__ import annotations

from ._registration import register_all

register_all()
