"""Where the embedded default model lies."""

from __future__ import annotations

from pathlib import Path


def default_model_dir(package_dir: Path | None = None) -> Path:
    """Folder of the embedded default: `_default_model` in a wheel, `hub/model` in a checkout.

    Hatchling's force-include is not there in an editable install, hence the two places.

    Args:
        package_dir: Folder of the package; by default that of this installation.

    Raises:
        FileNotFoundError: Neither holds a model.
    """
    package_dir = Path(__file__).resolve().parents[1] if package_dir is None else Path(package_dir)
    places = (package_dir / "_default_model", package_dir.parents[1] / "hub" / "model")
    for place in places:
        if (place / "config.json").is_file():
            return place
    raise FileNotFoundError(
        f"no embedded model: neither {places[0]} nor {places[1]} holds a config.json; name a model, "
        "or train one "
        "with `neuronarrator train narrate --config tiny`"
    )


__all__ = ["default_model_dir"]
