"""Recordings in and out: the only door from volts to microvolts."""
