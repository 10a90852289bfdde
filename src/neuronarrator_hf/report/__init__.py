"""Renderings of a narration."""
