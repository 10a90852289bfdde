"""One file per command of `neuronarrator`; heavy imports stand inside the functions."""
