"""Simulated EEG whose truth is known."""
