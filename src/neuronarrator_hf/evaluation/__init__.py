"""Metrics, controls and benchmarks of narratives."""
