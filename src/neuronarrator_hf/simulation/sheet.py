"""One recording as a sheet of sources: noise, rhythms and transients, each with its map, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..signal.windows import WINDOW_S
from .maps import bipolar

PAD_S = 3.5
"""Seconds made on both sides of the windows, so that edges of filters fall outside."""
CTRL_HZ = 10.0
"""Rate at which envelopes and frequencies are scripted."""


@dataclass(frozen=True)
class Spectrum:
    """Power spectrum of a noise source, normalised to unit power in 0.5-75 Hz when rendered.

    Attributes:
        exponent: Power falls as `1 / f**exponent` above the knee.
        knee_hz: Below it the spectrum is flat.
        low_hz: Soft lower edge.
        high_hz: Soft upper edge.
        steepness: Order of the edges.
        fast: RMS of an additional flat part at 20-90 Hz (scalp muscle tone), relative.
    """

    exponent: float = 0.0
    knee_hz: float = 1.0
    low_hz: float = 0.3
    high_hz: float = 200.0
    steepness: float = 2.0
    fast: float = 0.0

    def row(self) -> tuple[float, ...]:
        """The parameters as numbers, in the order the renderer reads."""
        return (self.exponent, self.knee_hz, self.low_hz, self.high_hz, self.steepness, self.fast)

    def band_share(self, low_hz: float, high_hz: float) -> float:
        """Share of the power of 0.5-75 Hz that lies between two frequencies."""
        freqs = np.arange(0.5, 75, 0.25)
        power = spectral_power(np, freqs, np.array([self.row()]))[0]
        inside = (freqs >= low_hz) & (freqs < high_hz)
        return float(power[inside].sum() / power.sum())


def spectral_power(xp, freqs, rows):
    """Power `(n_rows, n_freqs)` of rows of `Spectrum`, unit mean power density in no band: raw shape."""
    exponent, knee, low, high, steep, fast = (rows[:, i : i + 1] for i in range(6))
    f = freqs[None, :]
    shape = 1.0 / (knee**exponent + f**exponent)
    shape = shape / (1.0 + (low / f) ** (2 * steep)) / (1.0 + (f / high) ** (2 * steep))
    inside = (
        xp.astype((f >= 0.5) & (f <= 75.0), f.dtype)
        if hasattr(xp, "astype")
        else ((f >= 0.5) & (f <= 75.0)) * 1.0
    )
    shape = shape / xp.sum(shape * inside, axis=1, keepdims=True)
    bump = 1.0 / (1.0 + (22.0 / f) ** 6) / (1.0 + (f / 95.0) ** 8)
    bump = bump / xp.sum(bump * inside, axis=1, keepdims=True)
    return shape + fast**2 * bump


@dataclass
class Episode:
    """Something true of a recording, before it is cut into windows.

    Attributes:
        finding: Id of the vocabulary.
        gate: `(n_ctrl,)` 1 where it goes on, 0 elsewhere; None for events.
        times: Seconds of the events, for findings made of events.
        min_share: Least share of the window, for gates.
        min_events: Least number of events in the window.
        min_s: A window also qualifies with this many seconds of the gate, whatever `min_share` says.
        max_share: Largest share of the window, for gates.
        side: Side, constant.
        regions: Regions, constant.
        frequency: `(n_ctrl,)` Hz, a constant, a `(low, high)`, or None.
        single: State the mean frequency as one value instead of the range.
        amplitude: `(n_ctrl,)` or constant, peak to peak in microvolts, or None.
        floor: `(n_ctrl,)` or constant: amplitude below which a reader would not see it.
        derivation: Where the amplitude holds.
        made_of: Groups of sources that make it; a reader has to see each group.
        band_hz: Where its power lies.
        clear: How far it has to stand out of the rest of the signal there, see `visibility.clearness`.
        least_share: Least share of the whole power of a derivation, for what lasts.
        event_uv: `(n_events,)` peak of each event in microvolts, for what is made of transients.
        widespread: It stands out in most derivations, not in one.
    """

    finding: str
    gate: np.ndarray | None = None
    times: np.ndarray | None = None
    min_share: float = 0.2
    min_events: int = 1
    min_s: float = 1e9
    max_share: float = 1.0
    side: str | None = None
    regions: tuple[str, ...] = ()
    frequency: np.ndarray | float | tuple[float, float] | None = None
    single: bool = True
    amplitude: np.ndarray | float | None = None
    floor: np.ndarray | float | None = None
    derivation: str = "largest longitudinal bipolar derivation"
    made_of: tuple[tuple[int, ...], ...] = ()
    band_hz: tuple[float, float] = (0.5, 70.0)
    clear: float = 0.0
    least_share: float = 0.0
    event_uv: np.ndarray | None = None
    widespread: bool = False


@dataclass
class Sheet:
    """Sources and truth of one recording; times in seconds from the start of its first window."""

    rng: np.random.Generator
    n_windows: int
    maps: list[np.ndarray] = field(default_factory=list)
    brain: list[bool] = field(default_factory=list)
    noise: list[tuple[int, Spectrum, np.ndarray]] = field(default_factory=list)
    rhythms: list[tuple[int, np.ndarray, np.ndarray, tuple[float, float, float]]] = field(
        default_factory=list
    )
    lobes: list[np.ndarray] = field(default_factory=list)
    truth: list[Episode] = field(default_factory=list)
    device: dict = field(default_factory=dict)
    background_uv: np.ndarray | float = 8.0
    level_uv: float = 8.0
    ongoing_uv: float = 0.0
    is_background: bool = True
    kind: str = "normal"
    leading: str | None = None
    age_years: float = 40.0

    def __post_init__(self) -> None:
        self.duration_s = self.n_windows * WINDOW_S
        self.n_ctrl = round((self.duration_s + 2 * PAD_S) * CTRL_HZ) + 1
        self.t = np.arange(self.n_ctrl) / CTRL_HZ - PAD_S

    # --- sources -------------------------------------------------------------------------------

    def source(self, scalp_map: np.ndarray, *, brain: bool = True) -> int:
        """A new source with its map.

        Sources of the `brain` made while the background is composed (`is_background`) are subject to
        the asymmetry of the hemispheres; a focus stays as large as it is stated.
        """
        self.maps.append(np.asarray(scalp_map, dtype=np.float32))
        self.brain.append(brain and self.is_background)
        return len(self.maps) - 1

    def add_noise(self, source: int, spectrum: Spectrum, rms: np.ndarray | float) -> None:
        """Gaussian noise of unit shape times `rms` (microvolts where the map is 1)."""
        self.noise.append((source, spectrum, np.broadcast_to(np.asarray(rms, np.float32), (self.n_ctrl,))))

    def add_rhythm(
        self,
        source: int,
        frequency: np.ndarray | float,
        peak_to_peak: np.ndarray | float,
        *,
        bandwidth_hz: float = 0.4,
        steadiness: float = 0.5,
        harmonics: tuple[float, float, float] = (0.0, 0.0, 0.0),
        envelope: np.ndarray | None = None,
    ) -> np.ndarray:
        """A narrow-band rhythm with a wandering envelope; returns its complex envelope.

        Args:
            source: Source from `source`.
            frequency: Hz over time.
            peak_to_peak: Microvolts over time, where the map is 1; the mean square of the envelope
                over a long time gives this peak-to-peak amplitude.
            bandwidth_hz: Width of the random part.
            steadiness: Share of the power that is a pure carrier, 0 to 1.
            harmonics: Weights of the second and third harmonic, and phase of the second.
            envelope: Complex envelope to be used in place of a new one.
        """
        if envelope is None:
            envelope = self.wandering(bandwidth_hz, steadiness)
        carrier = np.broadcast_to(np.asarray(frequency, np.float64), (self.n_ctrl,))
        weights = (envelope * (0.5 * np.asarray(peak_to_peak))).astype(np.complex64)
        self.rhythms.append((source, carrier, weights, harmonics))
        return envelope

    def wandering(self, bandwidth_hz: float, steadiness: float) -> np.ndarray:
        """Complex envelope of unit mean square, `(n_ctrl,)`."""
        freqs = np.fft.fftfreq(self.n_ctrl, 1 / CTRL_HZ)
        shape = np.exp(-0.5 * (freqs / max(bandwidth_hz, 0.02)) ** 2)
        shape /= np.sqrt((shape**2).mean())
        noise = self.rng.standard_normal((2, self.n_ctrl))
        random = np.fft.ifft(np.fft.fft(noise[0] + 1j * noise[1]) * shape) / np.sqrt(2)
        start = np.exp(2j * np.pi * self.rng.random())
        return np.sqrt(steadiness) * start + np.sqrt(1 - steadiness) * random

    def add_lobes(self, source: int, onset_s, offset_s, amplitude, rise_s, fall_s) -> None:
        """Half-Gaussian lobes: peak at `onset_s + offset_s`, widths of rise and fall; arrays broadcast."""
        columns = np.broadcast_arrays(np.asarray(onset_s) + offset_s, amplitude, rise_s, fall_s)
        block = np.stack([np.full(columns[0].size, source), *(c.ravel() for c in columns)], axis=1)
        if len(block):
            self.lobes.append(block.astype(np.float64))

    # --- time ----------------------------------------------------------------------------------

    def always(self) -> np.ndarray:
        """A gate that never closes."""
        return np.ones(self.n_ctrl)

    def smooth(self, timescale_s: float, spread: float = 1.0) -> np.ndarray:
        """Slow Gaussian noise of standard deviation `spread`, `(n_ctrl,)`."""
        freqs = np.fft.rfftfreq(self.n_ctrl, 1 / CTRL_HZ)
        shape = np.exp(-0.5 * (freqs * timescale_s * 2) ** 2)
        shape /= np.sqrt((shape**2).mean())
        noise = np.fft.irfft(np.fft.rfft(self.rng.standard_normal(self.n_ctrl)) * shape, self.n_ctrl)
        return spread * noise

    def gate(self, intervals, ramp_s: float = 0.3) -> np.ndarray:
        """1 inside the intervals `(start, stop)`, with linear ramps."""
        out = np.zeros(self.n_ctrl)
        for start, stop in intervals:
            up = (self.t - start) / ramp_s + 0.5
            down = (stop - self.t) / ramp_s + 0.5
            out = np.maximum(out, np.clip(np.minimum(up, down), 0.0, 1.0))
        return out

    def course(self, *, whole: float = 0.6) -> np.ndarray:
        """When a lasting condition goes on: the whole recording, from some time on, or until then."""
        turn = self.rng.uniform(0.15, 0.85) * self.duration_s
        turn = WINDOW_S * round(turn / WINDOW_S) + self.rng.uniform(-1.0, 1.0) if self.n_windows > 1 else turn
        draw = self.rng.random()
        if draw < whole or self.n_windows == 1:
            return np.ones(self.n_ctrl)
        if draw < whole + (1 - whole) * 0.6:
            return self.gate([(turn, 1e9)], 1.0)
        return self.gate([(-1e9, turn)], 1.0)

    def runs(
        self, mean_on_s: float, mean_off_s: float, *, min_on_s: float = 1.0
    ) -> list[tuple[float, float]]:
        """Alternating stretches of random length over the recording."""
        out = []
        now = -PAD_S + self.rng.uniform(-mean_on_s, mean_off_s)
        while now < self.duration_s + PAD_S:
            length = max(min_on_s, self.rng.gamma(2.0, mean_on_s / 2))
            out.append((now, now + length))
            now += length + self.rng.gamma(1.5, mean_off_s / 1.5) + 0.3
        return out

    def poisson(
        self, rate_hz: float, gate: np.ndarray | None = None, min_interval_s: float = 0.0
    ) -> np.ndarray:
        """Times of random events at a mean rate, where the gate is open."""
        n = self.rng.poisson(rate_hz * (self.duration_s + 2 * PAD_S))
        times = np.sort(self.rng.uniform(-PAD_S, self.duration_s + PAD_S, n))
        if min_interval_s > 0 and n > 1:
            keep = [times[0]]
            for time in times[1:]:
                if time - keep[-1] >= min_interval_s:
                    keep.append(time)
            times = np.array(keep)
        return times[self.at(gate, times) > 0.5] if gate is not None else times

    def at(self, values: np.ndarray | float, times) -> np.ndarray:
        """Values of a scripted curve at given times."""
        return np.broadcast_to(np.asarray(values, float), (self.n_ctrl,))[self.index(times)]

    def index(self, times) -> np.ndarray:
        """Places of given times in a scripted curve."""
        return np.clip(np.round((np.asarray(times) + PAD_S) * CTRL_HZ).astype(int), 0, self.n_ctrl - 1)

    def bipolar_rms(self, sources: list[int], rms: list[float]) -> float:
        """Median RMS over the longitudinal bipolar derivations of independent noise sources."""
        maps = np.stack([self.maps[s] for s in sources], axis=1) * np.asarray(rms)
        return float(np.median(np.sqrt(((bipolar() @ maps) ** 2).sum(axis=1))))
