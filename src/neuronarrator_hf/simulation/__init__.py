"""Simulated EEG whose truth is known.

`batch.simulate_windows` makes batches for training, `scenario` recordings of minutes to hours; both
compose a `sheet.Sheet` (sources and truth) that `render` turns into samples.
"""
