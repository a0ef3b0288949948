"""sRGB and linear light. Files with colours of 8 bits mean sRGB; ours are linear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def to_linear(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """sRGB [0, 1] to linear; the last column of four is alpha and stays."""
    values = np.clip(np.asarray(srgb, np.float64), 0, 1)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return _alpha_kept(linear, values)


def to_srgb(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Linear [0, 1] to sRGB; the last column of four is alpha and stays."""
    values = np.clip(np.asarray(linear, np.float64), 0, 1)
    srgb = np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
    return _alpha_kept(srgb, values)


def _alpha_kept(converted: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float32]:
    if converted.shape[-1] == 4:
        converted[..., 3] = values[..., 3]
    return converted.astype(np.float32)
