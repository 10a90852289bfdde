"""The kernels are those of scipy."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import firwin
from scipy.signal.windows import dpss, hann

from neuronarrator_hf.signal.kernels import band_kernel, hann_taper, low_pass_kernel, slepian_tapers


@pytest.mark.parametrize("n_taps", [31, 63, 64, 1321])
def test_kernels_are_those_of_scipy(n_taps: int) -> None:
    np.testing.assert_allclose(
        low_pass_kernel(n_taps, 20.0, 200.0), firwin(n_taps, 20.0, fs=200.0), atol=1e-15
    )
    wanted = firwin(n_taps, [1.0, 40.0], pass_zero=False, fs=200.0)
    np.testing.assert_allclose(band_kernel(n_taps, 1.0, 40.0, 200.0), wanted, atol=1e-15)


@pytest.mark.parametrize("n_times", [3, 400, 801, 2000])
def test_tapers_are_those_of_scipy(n_times: int) -> None:
    np.testing.assert_allclose(hann_taper(n_times), hann(n_times, sym=False), atol=1e-15)
    nw = min(2.0, n_times / 2 - 0.01)
    n_tapers = min(3, max(int(2 * nw) - 1, 1))
    tapers, wanted = slepian_tapers(n_times, nw, n_tapers), dpss(n_times, nw, Kmax=n_tapers)
    np.testing.assert_allclose(np.abs((tapers * wanted).sum(axis=1)), 1.0, atol=1e-9)


def test_reading_and_measuring_leave_out_scipy_signal() -> None:
    program = (
        "import neuronarrator_hf.recording.windows, neuronarrator_hf.findings.measure, "
        "neuronarrator_hf.simulation.batch, sys; print('scipy.signal' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
