"""Published encoders beside ours: frozen features of the same windows, for a linear probe."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import numpy as np

from ..signal.windows import EEGWindows


def load_peer(name: str) -> Callable[[EEGWindows], np.ndarray]:
    """What embeds a block as `(n_windows, d)`: the mean over the features of a published encoder.

    Args:
        name: Of `peers.yaml`, or `NAME=FOLDER` for weights that lie elsewhere.

    Raises:
        ValueError: It is not known, cannot be imported or loaded; one line with the remedy.
    """
    import torch
    import yaml

    from ..models.configuration_neuronarrator import NeuroNarratorBraindecodeConfig
    from ..models.modeling_braindecode import NeuroNarratorBraindecodeEncoder

    known = yaml.safe_load(files(__package__).joinpath("peers.yaml").read_text(encoding="utf-8"))
    wanted, _, folder = name.partition("=")
    if wanted not in known:
        raise ValueError(f"no peer {wanted!r}; there are {', '.join(known)}")
    told = known[wanted]
    config = NeuroNarratorBraindecodeConfig(
        encoder=told["encoder"], encoder_sfreq=told["sfreq"], unit_uv=told["unit_uv"]
    )
    weights = folder or told["weights"]
    try:
        peer = NeuroNarratorBraindecodeEncoder(config).eval()
        peer.load_pretrained(weights)
    except (ImportError, OSError) as error:
        raise ValueError(f"peer {wanted!r} cannot be loaded from {weights} ({error})") from error
    features: list[torch.Tensor] = []
    # The layers behind the encoder are untrained: the probe takes what goes into them.
    peer.feature_out.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0].mean(1)))

    def embed(block: EEGWindows) -> np.ndarray:
        features.clear()
        with torch.inference_mode():
            for first in range(0, len(block), 32):
                part = block.select(slice(first, first + 32))
                peer(
                    eeg_values=torch.from_numpy(np.ascontiguousarray(part.eeg_uv))[None],
                    channel_positions=torch.from_numpy(np.asarray(part.positions, np.float32))[None],
                    channel_mask=torch.from_numpy(part.channel_mask)[None],
                )
        return torch.cat(features).float().numpy()

    return embed
