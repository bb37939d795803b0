"""Coefficients that are functions of m_z²: their Chebyshev series, and how a kernel evaluates them on pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numba.extending import overload, register_jitable
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from coefficients.piecewise import PiecewiseChebyshev

Floats = NDArray[np.float64]
CoefficientLike = float | Callable[[Floats], Any]

LONGEST = 129
LARGEST_MISS = 1e-12  # of the largest value: a function that a series misses by more is not smooth
ROUNDING = 2e-14  # of the largest value: a series this close is as good as the function
# Without "reassoc", with which the compiler adds up the series of all pieces in an order that keeps too many numbers
# alive: three times slower with a dozen pieces.
OPTIONS: dict[str, Any] = {"fastmath": {"contract", "nsz"}, "error_model": "numpy", "forceinline": True}


def chebyshev_series(owner: str, name: str, value: CoefficientLike) -> Floats:
    """Chebyshev coefficients in x = 2 m_z² − 1 of a number or of an even function of m_z; `owner` is for messages.

    Raises
    ------
    ValueError
        The function is not finite, not even in m_z, or not smooth enough: a series of 129 terms misses it by more than
        1e-12 of its largest value on [−1, 1].
    """
    if not callable(value):
        number = float(value)
        if not np.isfinite(number):
            raise ValueError(f"{owner}: {name} = {value!r} must be finite")
        return np.array([number])

    def sample(m_z: Floats) -> Floats:
        values = np.broadcast_to(np.asarray(value(m_z), dtype=float), m_z.shape)
        if not np.isfinite(values).all():
            where = m_z[~np.isfinite(values)][0]
            raise ValueError(f"{owner}: {name}(m_z) is not finite at m_z = {where:.6g}")
        return values

    probe = np.sqrt((np.arange(257) + 0.5) / 257)
    expected = sample(probe)
    scale = float(np.abs(expected).max())
    if scale == 0.0:
        return np.zeros(1)
    asymmetry = float(np.abs(sample(-probe) - expected).max())
    if asymmetry > 1e-12 * scale:
        raise ValueError(
            f"{owner}: {name}(m_z) must be even in m_z, but {name}(m_z) and {name}(-m_z) differ by {asymmetry:.3g}"
        )
    nodes = np.pi * (np.arange(LONGEST) + 0.5) / LONGEST
    series = 2 / LONGEST * np.cos(np.outer(np.arange(LONGEST), nodes)) @ sample(np.cos(nodes / 2))
    series[0] /= 2
    partial_sums = np.cumsum(chebyshev.chebvander(2 * probe**2 - 1, LONGEST - 1) * series, axis=1)
    misses = np.abs(partial_sums - expected[:, None]).max(axis=0)
    best = float(misses.min())
    if best > LARGEST_MISS * scale:
        raise ValueError(
            f"{owner}: {name}(m_z) is not a smooth function of m_z^2: a Chebyshev series of {LONGEST} terms "
            f"misses it by {best / scale:.1e} of its largest value (limit {LARGEST_MISS:g}); give a smoother function"
        )
    return series[: np.flatnonzero(misses <= max(ROUNDING * scale, 2 * best))[0] + 1]


def one_piece(series: Sequence[Floats]) -> PiecewiseChebyshev:
    """Series (terms,) of several functions, as `chebyshev_series` makes them, on [0, 1]."""
    together = np.zeros((max(map(len, series)), len(series)))
    for index, values in enumerate(series):
        together[: len(values), index] = values
    return PiecewiseChebyshev(np.array([0.0, 1.0]), (together,), 2 * LARGEST_MISS * np.abs(together).sum(0)[None])


def vanishing(pieces: PiecewiseChebyshev) -> NDArray[np.bool_]:
    """Which functions are zero everywhere, (functions,)."""
    return np.asarray(~np.concatenate(pieces.series).any(axis=0))


@dataclass(frozen=True, eq=False)
class KernelSeries:
    """Functions of x ∈ [0, 1] as a kernel evaluates them: without asking which piece x lies in.

    With y_k = 2(x − l)/(r − l) − 1 on the piece k = [l, r], cut off at ±1, and f_k the series of the piece,
    f(x) = Σ_k f_k(y_k) − Σ_{k>0} f_k(−1): left of x a piece contributes its change, right of x nothing.

    Examples
    --------
    |x − ½| on two pieces:

    >>> halves = np.array([[0.25], [-0.25]]), np.array([[0.25], [0.25]])
    >>> kink = KernelSeries(PiecewiseChebyshev(np.array([0.0, 0.5, 1.0]), halves, np.zeros((2, 1))))
    >>> kink.evaluator(np.array([0.0, 0.25, 0.5, 0.9]), 1.0, *kink.parameters())
    (array([0.5 , 0.25, 0.  , 0.4 ]),)
    """

    pieces: PiecewiseChebyshev

    @cached_property
    def lengths(self) -> tuple[tuple[int, ...], ...]:
        """How many terms a kernel takes of every function on every piece; all that `series_evaluator` depends on.

        More than eight are rounded up to a multiple of eight, so that similar tables share a compiled kernel.
        """
        exact = [[1 + int(max(np.flatnonzero(f), default=0)) for f in series.T] for series in self.pieces.series]
        return tuple(tuple(n if n <= 8 else 8 * math.ceil(n / 8) for n in counts) for counts in exact)

    @cached_property
    def _numbers(self) -> tuple[Floats, NDArray[np.bool_]]:
        """The numbers that the evaluator takes, and which of them are coefficients; the others tell of x."""
        pieces = self.pieces
        constants = sum(series[0] for series in pieces.series)
        constants = constants - sum((chebyshev.chebval(-1.0, series) for series in pieces.series[1:]), np.zeros(()))
        numbers, multiplied = [*constants], [True] * len(constants)
        for (left, right), series, lengths in zip(pairwise(pieces.edges), pieces.series, self.lengths, strict=True):
            if max(lengths) == 1:
                continue
            padded = np.vstack([series, np.zeros((max(lengths), len(lengths)))])
            coefficients = [padded[n, f] for n in range(1, max(lengths)) for f in range(len(lengths)) if n < lengths[f]]
            numbers += [0.5 * (left + right), 2.0 / (right - left), *coefficients]
            multiplied += [False, False, *[True] * len(coefficients)]
        return np.array(numbers), np.array(multiplied)

    def parameters(self, scale: float = 1.0) -> tuple[float, ...]:
        """The numbers that the evaluator takes for the functions times `scale`."""
        numbers, multiplied = self._numbers
        return tuple(np.where(multiplied, scale * numbers, numbers).tolist())

    @property
    def evaluator(self) -> Any:
        """The per-cell function (x, one, *parameters) → values of the functions at x, a tuple."""
        return series_evaluator(self.lengths)

    @cached_property
    def steepness(self) -> float:
        """The largest Σ(|f| + |df/dθ|) over m_z = cos θ, which bounds how torques that are f times a vector grow."""
        largest = 0.0
        for (left, right), series in zip(pairwise(self.pieces.edges), self.pieces.series, strict=True):
            y = np.cos(np.linspace(0.0, np.pi, 4 * len(series) + 1))  # a polynomial exceeds these values by 8 % at most
            x = 0.5 * ((left + right) + (right - left) * y)
            slope = chebyshev.chebval(y, chebyshev.chebder(series)) * 2.0 / (right - left)
            turning = 2.0 * np.sqrt(np.maximum(x * (1.0 - x), 0.0)) * np.abs(slope)  # |dx/dθ| = 2 |cos θ| sin θ
            largest = max(largest, float((np.abs(chebyshev.chebval(y, series)) + turning).sum(axis=0).max()))
        return largest


def clamped(y: Any, low: Any, high: Any) -> Any:
    """y, not below low and not above high: numbers or arrays."""
    return np.minimum(np.maximum(y, low), high)


@overload(clamped, jit_options=OPTIONS, strict=False)
def _clamped(y, low, high):  # type: ignore[no-untyped-def]
    """One instruction each in a kernel, where NumPy's own, which keep NaN, are four."""
    return lambda y, low, high: min(max(y, low), high)


def number_count(lengths: tuple[tuple[int, ...], ...]) -> int:
    """How many numbers `KernelSeries.parameters` are."""
    return len(lengths[0]) + sum(2 + sum(counts) - len(counts) for counts in lengths if max(counts) > 1)


@lru_cache
def series_evaluator(lengths: tuple[tuple[int, ...], ...]) -> Any:
    """A per-cell function (x, one, *parameters) → a tuple of functions, from `KernelSeries.lengths`.

    Every piece contributes at every x, so that a kernel has neither branches, loops nor arrays in it. The T_n of a
    piece are shared by all functions. `one` is 1 in the kernel's float type.
    """
    functions = range(len(lengths[0]))
    arguments = [f"c{function}" for function in functions]
    lines, sums = [], [[f"c{function}"] for function in functions]
    for piece, counts in enumerate(lengths):
        if max(counts) == 1:
            continue
        arguments += [f"middle{piece}", f"stretch{piece}"]
        lines += [f"    t1 = clamped((x - middle{piece}) * stretch{piece}, -one, one)", "    twice = t1 + t1"]
        for n in range(1, max(counts)):
            if n > 1:
                lines += [f"    t{n} = twice * t{n - 1} - {'one' if n == 2 else f't{n - 2}'}"]
            for function in functions:
                if n < counts[function]:
                    number, part = f"c{piece}_{function}_{n}", f"f{piece}_{function}"
                    arguments += [number]
                    lines += [f"    {part} = {number} * t{n}" + (f" + {part}" if n > 1 else "")]
        for function in functions:
            if counts[function] > 1:
                sums[function] += [f"f{piece}_{function}"]
    results = ", ".join(" + ".join(parts) for parts in sums)
    text = "\n".join([f"def evaluate(x, one, {', '.join(arguments)}):", *lines, f"    return ({results},)"])
    # a compiled kernel that is read back from disk imports the module that its functions name
    namespace: dict[str, Any] = {"__name__": __name__, "clamped": clamped}
    exec(compile(text, f"<chebyshev series {lengths}>", "exec"), namespace)
    return register_jitable(**OPTIONS)(namespace["evaluate"])
