"""Functions of m_z² as Chebyshev series on pieces, with an error for each piece."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

TERMS = 16
"""Terms of the series of a piece, or three times as many; it is checked at twice as many points between its nodes."""
SAFETY = 2.0
"""The error of a piece is the largest deviation at these points times this."""
MOST_PIECES = 64
NARROWEST = 1e-10
"""A piece narrower than twice this is not divided further."""


@dataclass(frozen=True, eq=False)
class PiecewiseChebyshev:
    """Several functions of x ∈ [0, 1], a Chebyshev series each on every piece, continuous where pieces meet.

    Equal to another if all its numbers are.

    Attributes
    ----------
    edges : array (pieces + 1,)
        0 = edges[0] < … < edges[-1] = 1.
    series : tuple of arrays (terms, functions)
        Coefficients of T_k(2(x − l)/(r − l) − 1) on the piece [l, r]; as many terms as a piece needs.
    errors : array (pieces, functions)
        Bound on the absolute error on each piece.
    """

    edges: Floats
    series: tuple[Floats, ...]
    errors: Floats

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PiecewiseChebyshev):
            return NotImplemented
        mine, others = ((one.edges, one.errors, *one.series) for one in (self, other))
        return len(mine) == len(others) and all(map(np.array_equal, mine, others))

    def __call__(self, x: ArrayLike) -> Floats:
        """All functions at x (…) ∈ [0, 1], array (functions, …)."""
        x = np.asarray(x, dtype=np.float64)
        flat = x.ravel()
        piece = np.clip(np.searchsorted(self.edges, flat, side="right") - 1, 0, len(self.series) - 1)
        values = np.empty((self.series[0].shape[1], flat.size))
        for index, series in enumerate(self.series):
            here = piece == index
            if here.any():
                left, right = self.edges[index : index + 2]
                values[:, here] = chebyshev.chebval(2.0 * (flat[here] - left) / (right - left) - 1.0, series)
        return values.reshape(-1, *x.shape)

    def scaled(self, factors: float | Sequence[float]) -> PiecewiseChebyshev:
        """Each function times its factor, or all times one."""
        series = tuple(values * np.asarray(factors) for values in self.series)
        return PiecewiseChebyshev(self.edges, series, self.errors * np.abs(factors))

    def columns(self, indices: Sequence[int]) -> PiecewiseChebyshev:
        """Some of the functions, each series cut after its last term that is not 0."""
        chosen = [series[:, indices] for series in self.series]
        lengths = [1 + max(np.flatnonzero(series.any(axis=1)), default=0) for series in chosen]
        series = tuple(values[:length] for values, length in zip(chosen, lengths, strict=True))
        return PiecewiseChebyshev(self.edges, series, self.errors[:, indices])


def constant(values: Sequence[float]) -> PiecewiseChebyshev:
    """Functions that do not depend on x."""
    row = np.array([values], dtype=np.float64)
    return PiecewiseChebyshev(np.array([0.0, 1.0]), (row,), np.zeros_like(row))


def fit(
    functions: Callable[[float], Floats],
    *,
    breaks: Sequence[float] = (),
    tolerances: Callable[[Floats], Floats],
    rounding: Callable[[Floats, Floats], Floats] = lambda x, values: np.zeros_like(values),
) -> tuple[PiecewiseChebyshev, bool]:
    """Series of functions on [0, 1], with pieces halved, the oldest first, until each is good enough.

    Parameters
    ----------
    functions : x → array (functions,)
        Evaluated inside pieces only, never at their ends.
    breaks : where to divide from the start, in (0, 1).
    tolerances : array (samples, functions) → array (functions,)
        The absolute error allowed, given values at a first sample of x.
    rounding : x (points,), values (points, functions) → array (points, functions)
        Rounding errors of the values: a piece is not divided for what they may cause.

    Returns
    -------
    (series, resolved) : resolved is False if some piece has an error above the tolerance: it was given up, after 64
    pieces or narrower than 2e-10, or rounding is all that is left.
    """

    def sample(points: Floats) -> Floats:
        return np.array([functions(float(point)) for point in points])

    edges = np.unique(np.concatenate([[0.0, 1.0], [x for x in breaks if NARROWEST < x < 1.0 - NARROWEST]]))
    pending = [(left, right, sample(_nodes(left, right, TERMS))) for left, right in itertools.pairwise(edges)]
    tolerance = tolerances(np.concatenate([values for _, _, values in pending]))
    allowed = 0.5 * tolerance  # the other half is for what cutting and joining add
    done: list[tuple[float, float, Floats, Floats]] = []
    while pending:
        left, right, values = pending.pop(0)  # so that one bad place does not take the pieces of the others
        while True:
            series, checks = _series(values), _nodes(left, right, 3 * len(values))
            new = np.ones(len(checks), dtype=bool)
            new[1::3] = False  # T_3N vanishes where T_N does
            finer = np.empty((len(checks), values.shape[1]))
            finer[~new], finer[new] = values, sample(checks[new])
            noise = rounding(checks, finer)
            deviation = np.abs(_evaluated(series, checks, left, right) - finer)
            good = bool((SAFETY * deviation <= allowed + noise).all())
            # three times the terms, where that is going to be enough
            tail = np.abs(_series(finer)[-TERMS // 2 :]).sum(axis=0)
            if good or len(values) > TERMS or (tail > 0.1 * allowed + noise.mean(axis=0)).any():
                break
            values = finer
        if good or len(done) + len(pending) + 1 >= MOST_PIECES or right - left < 2.0 * NARROWEST:
            cut = _cut(series, 0.1 * allowed)
            error = SAFETY * np.abs(_evaluated(cut, checks, left, right) - finer).max(axis=0)
            done.append((left, right, cut, error))
        else:
            middle = 0.5 * (left + right)
            pending += [(a, b, sample(_nodes(a, b, TERMS))) for a, b in ((left, middle), (middle, right))]
    done.sort(key=lambda piece: piece[0])
    joined = _joined(done)
    return joined, bool((joined.errors <= tolerance).all())


def _nodes(left: float, right: float, count: int) -> Floats:
    """Zeros of T_count on [left, right], from right to left."""
    return 0.5 * (left + right) + 0.5 * (right - left) * np.cos(np.pi * (np.arange(count) + 0.5) / count)


def _series(values: Floats) -> Floats:
    """Coefficients (terms, functions) of the interpolant through values (terms, functions) at the zeros of T_terms."""
    count = len(values)
    angles = np.pi * (np.arange(count) + 0.5) / count
    series: Floats = 2.0 / count * np.cos(np.outer(np.arange(count), angles)) @ values
    series[0] /= 2.0
    return series


def _evaluated(series: Floats, x: Floats, left: float, right: float) -> Floats:
    """(points, functions)."""
    return np.asarray(chebyshev.chebval(2.0 * (x - left) / (right - left) - 1.0, series).T, dtype=np.float64)


def _cut(series: Floats, allowed: Floats) -> Floats:
    """The series with 0 for the last terms of each function, as long as they add up to less than what is allowed."""
    tails = np.cumsum(np.abs(series[::-1]), axis=0)[::-1]
    result = np.where(tails > allowed, series, 0.0)
    result[0] = series[0]
    return result[: 1 + max(np.flatnonzero(result.any(axis=1)), default=0)]


def _joined(pieces: list[tuple[float, float, Floats, Floats]]) -> PiecewiseChebyshev:
    """Pieces made continuous: a straight line is added to each, more to the one with the larger error."""
    series = [np.vstack([piece[2], np.zeros((max(0, 2 - len(piece[2])), piece[2].shape[1]))]) for piece in pieces]
    errors = np.array([piece[3] for piece in pieces])
    steps = np.array(
        [chebyshev.chebval(-1.0, right) - chebyshev.chebval(1.0, left) for left, right in itertools.pairwise(series)]
    ).reshape(-1, errors.shape[1])
    both = errors[:-1] + errors[1:]
    share = np.divide(errors[:-1], both, out=np.full_like(both, 0.5), where=both > 0.0)
    none = np.zeros((1, errors.shape[1]))
    up, down = np.vstack([share * steps, none]), np.vstack([none, (share - 1.0) * steps])  # at right and left ends
    for index, values in enumerate(series):
        values[0] += 0.5 * (up[index] + down[index])
        values[1] += 0.5 * (up[index] - down[index])
    edges = np.array([pieces[0][0], *(piece[1] for piece in pieces)])
    return PiecewiseChebyshev(edges, tuple(series), errors + np.maximum(np.abs(up), np.abs(down)))
