"""Signal processing on microvolt arrays: numpy and scipy, pure functions."""
