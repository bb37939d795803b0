"""Coefficients that are smooth functions of m_z², as Chebyshev series that a kernel can evaluate."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llgsim.percell import per_cell

LONGEST = 129
ROUNDING = 2e-14  # of the largest value: a series this close is as good as the function


def chebyshev_series(name: str, value: float | Callable[[NDArray[np.float64]], Any]) -> NDArray[np.float64]:
    """Chebyshev coefficients in x = 2 m_z² − 1 of a number or of an even function of m_z.

    Raises
    ------
    ValueError
        The function is not finite, not even in m_z, or not smooth enough: a series of 129 terms misses it by more than
        1e-12 of its largest value on [−1, 1].
    """
    if not callable(value):
        number = float(value)
        if not np.isfinite(number):
            raise ValueError(f"Coefficients: {name} = {value!r} must be finite")
        return np.array([number])

    def sample(m_z: NDArray[np.float64]) -> NDArray[np.float64]:
        values = np.broadcast_to(np.asarray(value(m_z), dtype=float), m_z.shape)
        if not np.isfinite(values).all():
            where = m_z[~np.isfinite(values)][0]
            raise ValueError(f"Coefficients: {name}(m_z) is not finite at m_z = {where:.6g}")
        return values

    probe = np.sqrt((np.arange(257) + 0.5) / 257)
    expected = sample(probe)
    scale = float(np.abs(expected).max())
    if scale == 0.0:
        return np.zeros(1)
    asymmetry = float(np.abs(sample(-probe) - expected).max())
    if asymmetry > 1e-12 * scale:
        raise ValueError(
            f"Coefficients: {name}(m_z) must be even in m_z, but {name}(m_z) and {name}(-m_z) differ by {asymmetry:.3g}"
        )
    nodes = np.pi * (np.arange(LONGEST) + 0.5) / LONGEST
    series = 2 / LONGEST * np.cos(np.outer(np.arange(LONGEST), nodes)) @ sample(np.cos(nodes / 2))
    series[0] /= 2
    partial_sums = np.cumsum(np.polynomial.chebyshev.chebvander(2 * probe**2 - 1, LONGEST - 1) * series, axis=1)
    misses = np.abs(partial_sums - expected[:, None]).max(axis=0)
    best = float(misses.min())
    if best > 1e-12 * scale:
        raise ValueError(
            f"Coefficients: {name}(m_z) is not a smooth function of m_z^2: a Chebyshev series of {LONGEST} terms "
            f"misses it by {best / scale:.1e} of its largest value (limit 1e-12); give a smoother function"
        )
    return series[: np.flatnonzero(misses <= max(ROUNDING * scale, 2 * best))[0] + 1]


@lru_cache
def series_evaluator(lengths: tuple[int, ...]) -> Any:
    """A per-cell function (C, one, *coefficients) → values of len(lengths) Chebyshev series at x = 2C − 1, and one.

    The Clenshaw recurrence is written out, so that a kernel has neither loops nor arrays in it. `one` is 1 in the
    kernel's float type. The numbers of terms are part of the function's name.
    """
    names = [[f"c{series}_{order}" for order in range(length)] for series, length in enumerate(lengths)]
    lines = [f"def evaluate(C, one, {', '.join(name for group in names for name in group)}):"]
    lines += ["    x = C + C - one", "    two_x = x + x"]
    for series, group in enumerate(names):
        for order in range(len(group) - 1, 0, -1):
            line = f"    b{series}_{order} = {group[order]}"
            if order + 1 < len(group):
                line += f" + two_x * b{series}_{order + 1}"
            if order + 2 < len(group):
                line += f" - b{series}_{order + 2}"
            lines.append(line)
        line = f"    v{series} = {group[0]}"
        if len(group) > 1:
            line += f" + x * b{series}_1"
        if len(group) > 2:
            line += f" - b{series}_2"
        lines.append(line)
    lines.append(f"    return ({', '.join(f'v{series}' for series in range(len(lengths)))}, one)")
    # a compiled kernel that is read back from disk imports the module that its functions name
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile("\n".join(lines), f"<chebyshev series {lengths}>", "exec"), namespace)
    return per_cell(namespace["evaluate"])
