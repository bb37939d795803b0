"""Three Runge-Kutta steps written by hand: the fixed baseline that the composed kernels are measured against.

Nothing here is generated or shared with llgsim, and nothing is meant to be general: three lists of terms and torques on
a periodic grid, one thread.

- `zhang_li`: exchange, interfacial DMI, uniaxial anisotropy along z, Zhang-Li torque with central differences;
- `gilbert`: exchange, bulk DMI, uniform field, thin-film demagnetisation, no torque;
- `microscopic`: exchange, interfacial DMI, uniaxial anisotropy along z, anisotropic spin transfer and damping with
  constant ξ0, ξ∥, ξ⊥ and 6th-order differences.

The equation is (1 − ξ0) ∂t m − m × (Λ ∂t m) = R. Every R is written as Ω × m, in which whatever Ω has along m drops
out: the middle of the Laplacian, and the part of (u·∇)m along m, are never computed.

The step is the classical Runge-Kutta method in four stages that keep no k,

    s2 = y + h/2 k1,   s3 = y + h/2 k2,   s4 = y + h k3,   a = (s2 + 2 s3 + h k3)/3,   y ← a + h/6 k4, normalised,

with s4 written over s2 and a over y. The stages follow one another down the grid in bands of four rows: stage q works
`reach` rows behind stage q − 1, so that s2 and s3 are rings of a few rows that stay in the nearest caches, and y goes
through memory once per step. 4·reach rows at either end of y repeat the other end; the first stages compute their rows
there again rather than wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import ArrayLike, NDArray

OPTIONS: dict[str, Any] = {
    "fastmath": {"contract", "reassoc", "arcp", "nsz"},
    "error_model": "numpy",  # no branch for a division by zero
    "nogil": True,
}
INLINE: dict[str, Any] = {**OPTIONS, "forceinline": True}
BAND = 4  # rows that one stage does before the next one takes over
CACHE_LINE = 64  # bytes
GAMMA = 1.760859630e11  # rad/(s T)
MU0 = 4e-7 * math.pi  # T m/A

# -- loads and stores that the compiler knows not to overlap -----------------------------------------------------------
#
# A stage reads one array, may update a second one and writes a third. LLVM's own check that these do not overlap
# compares whole arrays, in which the rows of x, y and z lie between one another, and so always falls back to the scalar
# loop. The three scopes say it instead. The promise holds within one row of one stage, and nothing checks it.

SCOPES = ("read", "state", "written")


def _scoped(builder: Any, instruction: Any, scope: str) -> None:
    module = builder.module
    domain = module.add_metadata(["handwritten rows"])
    scopes = {name: module.add_metadata([f"handwritten {name}", domain]) for name in SCOPES}
    instruction.set_metadata("alias.scope", module.add_metadata([scopes[scope]]))
    instruction.set_metadata("noalias", module.add_metadata([scopes[name] for name in SCOPES if name != scope]))


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index], inbounds=True)


def _make_load(scope: str) -> Any:
    @intrinsic
    def load(typing_context, array, index):  # type: ignore[no-untyped-def]
        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            value = builder.load(_address(context, builder, signature.args[0], *arguments))
            _scoped(builder, value, scope)
            return value

        return array.dtype(array, types.intp), code

    return load


def _make_store(scope: str) -> Any:
    @intrinsic
    def store(typing_context, array, index, value):  # type: ignore[no-untyped-def]
        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            array, index, value = arguments
            written = builder.store(value, _address(context, builder, signature.args[0], array, index))
            _scoped(builder, written, scope)
            return context.get_dummy_value()

        return types.void(array, types.intp, array.dtype), code

    return store


load_read, load_state, load_written = (_make_load(scope) for scope in SCOPES)
store_state, store_written = (_make_store(scope) for scope in SCOPES[1:])


@njit(**INLINE)
def cell(a, at, W):  # type: ignore[no-untyped-def]
    """(x, y, z) of the cell at index `at`; a row is W numbers of x, W of y, W of z."""
    return load_read(a, at), load_read(a, at + W), load_read(a, at + W + W)


@njit(**INLINE)
def difference(a, after, before, W):  # type: ignore[no-untyped-def]
    """The triple at `after` minus that at `before`."""
    px, py, pz = cell(a, after, W)
    qx, qy, qz = cell(a, before, W)
    return px - qx, py - qy, pz - qz


@njit(**INLINE)
def cross(ax, ay, az, bx, by, bz):  # type: ignore[no-untyped-def]
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


# -- the three lists: h ∂t m of cell i of a row ------------------------------------------------------------------------
#
# `rows` are where the row and its neighbours begin, south to north. The parameters p start with 1/3 and 1, which are
# numbers here because a literal would turn single precision into double.


@njit(**INLINE)
def zhang_li_rate(a, rows, i, W, p):  # type: ignore[no-untyped-def]
    """Ω = γB − β g − m×g with g = (u·∇)m; h ∂t m = h/(1 + α²) (R + α m×R)."""
    _, _, along, across, exchange_x, exchange_y, dmi_x, dmi_y, anisotropy, ux, uy, beta = p
    south, here, north = rows[0] + i, rows[1] + i, rows[2] + i
    mx, my, mz = cell(a, here, W)
    ex, ey, ez = cell(a, here + 1, W)
    wx, wy, wz = cell(a, here - 1, W)
    nx, ny, nz = cell(a, north, W)
    sx, sy, sz = cell(a, south, W)
    dxx, dxy, dxz = ex - wx, ey - wy, ez - wz
    dyx, dyy, dyz = nx - sx, ny - sy, nz - sz
    gx, gy, gz = ux * dxx + uy * dyx, ux * dxy + uy * dyy, ux * dxz + uy * dyz
    turned_x, turned_y, turned_z = cross(mx, my, mz, gx, gy, gz)
    hx = exchange_x * (ex + wx) + exchange_y * (nx + sx) + dmi_x * dxz
    hy = exchange_x * (ey + wy) + exchange_y * (ny + sy) + dmi_y * dyz
    hz = exchange_x * (ez + wz) + exchange_y * (nz + sz) - dmi_x * dxx - dmi_y * dyy + anisotropy * mz
    rx, ry, rz = cross(hx - beta * gx - turned_x, hy - beta * gy - turned_y, hz - beta * gz - turned_z, mx, my, mz)
    tx, ty, tz = cross(mx, my, mz, rx, ry, rz)
    return along * rx + across * tx, along * ry + across * ty, along * rz + across * tz


@njit(**INLINE)
def gilbert_rate(a, rows, i, W, p):  # type: ignore[no-untyped-def]
    """Ω = γB with B = (2A/Ms)∇²m − (2D/Ms)∇×m + B0 − μ0 Ms m_z ẑ."""
    _, _, along, across, exchange_x, exchange_y, dmi_x, dmi_y, demagnetisation, bx, by, bz = p
    south, here, north = rows[0] + i, rows[1] + i, rows[2] + i
    mx, my, mz = cell(a, here, W)
    ex, ey, ez = cell(a, here + 1, W)
    wx, wy, wz = cell(a, here - 1, W)
    nx, ny, nz = cell(a, north, W)
    sx, sy, sz = cell(a, south, W)
    hx = exchange_x * (ex + wx) + exchange_y * (nx + sx) - dmi_y * (nz - sz) + bx
    hy = exchange_x * (ey + wy) + exchange_y * (ny + sy) + dmi_x * (ez - wz) + by
    hz = exchange_x * (ez + wz) + exchange_y * (nz + sz) - dmi_x * (ey - wy) + dmi_y * (nx - sx) + bz
    rx, ry, rz = cross(hx, hy, hz - demagnetisation * mz, mx, my, mz)
    tx, ty, tz = cross(mx, my, mz, rx, ry, rz)
    return along * rx + across * tx, along * ry + across * ty, along * rz + across * tz


@njit(**INLINE)
def microscopic_rate(a, rows, i, W, p):  # type: ignore[no-untyped-def]
    """Ω = γB + ξ0 m×g − Ξg with g = (v·∇)m; ∂t m = (sR + m×ΛR)/(s² + Λ∥(Λ∥ m_z² + Λ⊥(1 − m_z²))), s = 1 − ξ0.

    Ξ = diag(ξ∥, ξ∥, ξ⊥) acts on the part of g across m, so that only its ẑ part, ξ⊥ − ξ∥, needs g·m.
    """
    (_, _, step, s, in_plane, normal, constant, quadratic, exchange_x, exchange_y, dmi_x, dmi_y, anisotropy) = p[:13]
    ux1, ux2, ux3, uy1, uy2, uy3, xi0, xi_parallel, xi_excess = p[13:]
    here = rows[3] + i
    mx, my, mz = cell(a, here, W)
    ex, ey, ez = cell(a, here + 1, W)
    wx, wy, wz = cell(a, here - 1, W)
    nx, ny, nz = cell(a, rows[4] + i, W)
    sx, sy, sz = cell(a, rows[2] + i, W)
    dxx, dxy, dxz = ex - wx, ey - wy, ez - wz
    dyx, dyy, dyz = nx - sx, ny - sy, nz - sz
    x2x, x2y, x2z = difference(a, here + 2, here - 2, W)
    x3x, x3y, x3z = difference(a, here + 3, here - 3, W)
    y2x, y2y, y2z = difference(a, rows[5] + i, rows[1] + i, W)
    y3x, y3y, y3z = difference(a, rows[6] + i, rows[0] + i, W)
    gx = ux1 * dxx + ux2 * x2x + ux3 * x3x + uy1 * dyx + uy2 * y2x + uy3 * y3x
    gy = ux1 * dxy + ux2 * x2y + ux3 * x3y + uy1 * dyy + uy2 * y2y + uy3 * y3y
    gz = ux1 * dxz + ux2 * x2z + ux3 * x3z + uy1 * dyz + uy2 * y2z + uy3 * y3z
    turned_x, turned_y, turned_z = cross(mx, my, mz, gx, gy, gz)
    across_z = gz - (mx * gx + my * gy + mz * gz) * mz
    hx = exchange_x * (ex + wx) + exchange_y * (nx + sx) + dmi_x * dxz
    hy = exchange_x * (ey + wy) + exchange_y * (ny + sy) + dmi_y * dyz
    hz = exchange_x * (ez + wz) + exchange_y * (nz + sz) - dmi_x * dxx - dmi_y * dyy + anisotropy * mz
    rx, ry, rz = cross(
        hx + xi0 * turned_x - xi_parallel * gx,
        hy + xi0 * turned_y - xi_parallel * gy,
        hz + xi0 * turned_z - xi_parallel * gz - xi_excess * across_z,
        mx,
        my,
        mz,
    )
    tx, ty, tz = cross(mx, my, mz, in_plane * rx, in_plane * ry, normal * rz)
    scale = step / (constant + quadratic * mz * mz)
    return scale * (s * rx + tx), scale * (s * ry + ty), scale * (s * rz + tz)


# -- the step ----------------------------------------------------------------------------------------------------------


@njit(**INLINE)
def three_rows(table, j):  # type: ignore[no-untyped-def]
    return table[j - 1], table[j], table[j + 1]


@njit(**INLINE)
def seven_rows(table, j):  # type: ignore[no-untyped-def]
    return table[j - 3], table[j - 2], table[j - 1], table[j], table[j + 1], table[j + 2], table[j + 3]


def _step(rate: Any, rows_around: Any, reach: int) -> Any:
    """The compiled `advance(y, s, s3, y_rows, s_rows, s3_rows, W, n, ny, start, parameters, steps)` of one list."""

    @njit(**OPTIONS)
    def wrap(a, row, W, n):  # type: ignore[no-untyped-def]
        """The cells beyond either end of a row, from its other end."""
        for c in range(3):
            for g in range(reach):
                a[row + c * W - 1 - g] = a[row + c * W + n - 1 - g]
                a[row + c * W + n + g] = a[row + c * W + g]

    @njit(**OPTIONS)
    def predict(out, out_rows, src, src_rows, y, y_rows, begin, end, W, n, p):  # type: ignore[no-untyped-def]
        """Stages 1 and 2: out = y + h ∂t(src)."""
        for j in range(begin, end):
            rows = rows_around(src_rows, j)
            o, b = out_rows[j], y_rows[j]
            for i in range(n):
                kx, ky, kz = rate(src, rows, i, W, p)
                x, y_, z = cell(y, b + i, W)
                store_written(out, o + i, x + kx)
                store_written(out, o + i + W, y_ + ky)
                store_written(out, o + i + W + W, z + kz)
            wrap(out, o, W, n)

    @njit(**OPTIONS)
    def gather(s, s_rows, src, src_rows, y, y_rows, begin, end, W, n, p):  # type: ignore[no-untyped-def]
        """Stage 3: s4 = y + h k3 over s2, and a = (s2 + 2 s3 + h k3)/3 over y."""
        third = p[0]
        for j in range(begin, end):
            rows = rows_around(src_rows, j)
            here, o, b = src_rows[j], s_rows[j], y_rows[j]
            for i in range(n):
                kx, ky, kz = rate(src, rows, i, W, p)
                mx, my, mz = cell(src, here + i, W)
                x, y_, z = load_state(y, b + i), load_state(y, b + i + W), load_state(y, b + i + W + W)
                store_state(y, b + i, third * (load_written(s, o + i) + mx + mx + kx))
                store_state(y, b + i + W, third * (load_written(s, o + i + W) + my + my + ky))
                store_state(y, b + i + W + W, third * (load_written(s, o + i + W + W) + mz + mz + kz))
                store_written(s, o + i, x + kx)
                store_written(s, o + i + W, y_ + ky)
                store_written(s, o + i + W + W, z + kz)
            wrap(s, o, W, n)

    @njit(**OPTIONS)
    def finish(src, src_rows, y, y_rows, begin, end, W, n, p):  # type: ignore[no-untyped-def]
        """Stage 4: y ← a + h/6 k4, normalised."""
        one = p[1]
        for j in range(begin, end):
            rows = rows_around(src_rows, j)
            b = y_rows[j]
            for i in range(n):
                kx, ky, kz = rate(src, rows, i, W, p)
                x = load_state(y, b + i) + kx
                y_ = load_state(y, b + i + W) + ky
                z = load_state(y, b + i + W + W) + kz
                scale = one / np.sqrt(x * x + y_ * y_ + z * z)
                store_state(y, b + i, scale * x)
                store_state(y, b + i + W, scale * y_)
                store_state(y, b + i + W + W, scale * z)
            wrap(y, b, W, n)

    halo = 4 * reach

    @njit(**OPTIONS)
    def advance(y, s, s3, y_rows, s_rows, s3_rows, W, n, ny, start, parameters, steps):  # type: ignore[no-untyped-def]
        for _ in range(steps):
            for g in range(halo):
                below, above = y_rows[g] - start, y_rows[halo + ny + g] - start
                last, first = y_rows[ny + g] - start, y_rows[halo + g] - start
                for q in range(3 * W):
                    y[below + q] = y[last + q]
                    y[above + q] = y[first + q]
            begin, stop = reach, 2 * halo + ny - reach
            while begin < stop:
                end = min(begin + BAND, stop)
                predict(s, s_rows, y, y_rows, y, y_rows, begin, end, W, n, parameters[0])
                first, last = max(begin - reach, 2 * reach), end - reach
                predict(s3, s3_rows, s, s_rows, y, y_rows, first, last, W, n, parameters[1])
                first, last = max(begin - 2 * reach, 3 * reach), end - 2 * reach
                gather(s, s_rows, s3, s3_rows, y, y_rows, first, last, W, n, parameters[2])
                first, last = max(begin - 3 * reach, halo), end - 3 * reach
                finish(s, s_rows, y, y_rows, first, last, W, n, parameters[3])
                begin = end

    return advance


ADVANCE = {
    "zhang_li": (_step(zhang_li_rate, three_rows, 1), 1),
    "gilbert": (_step(gilbert_rate, three_rows, 1), 1),
    "microscopic": (_step(microscopic_rate, seven_rows, 3), 3),
}


@dataclass(frozen=True)
class Handwritten:
    """A state that one of the three hand-written steps advances; made by `zhang_li`, `gilbert`, `microscopic`."""

    compiled: Any
    arguments: tuple[Any, ...]
    interior: NDArray[Any]

    def advance(self, steps: int) -> None:
        """Take `steps` steps in place."""
        self.compiled(*self.arguments, steps)

    @property
    def m(self) -> NDArray[Any]:
        """Magnetisation direction (3, ny, nx), a copy."""
        return np.ascontiguousarray(self.interior.transpose(1, 0, 2))


def _aligned(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """`count` zeros that begin on a cache line."""
    spare = CACHE_LINE // dtype.itemsize
    numbers = np.zeros(count + spare, dtype)
    skip = -(numbers.ctypes.data // dtype.itemsize) % spare
    return numbers[skip : skip + count]


def _handwritten(name: str, m: ArrayLike, stages: Callable[[float], tuple[float, ...]], dt: float) -> Handwritten:
    compiled, reach = ADVANCE[name]
    m = np.asarray(m)
    dtype = m.dtype
    _, ny, nx = m.shape
    halo, line = 4 * reach, CACHE_LINE // dtype.itemsize
    if min(nx, ny) < halo:
        raise ValueError(f"{name}: a periodic grid of {nx} x {ny} cells is too small; it needs {halo} each way")
    lines = -(-(line + nx + reach) // line)
    W = line * (lines + 1 - lines % 2)  # an odd number of cache lines: rows and components do not share cache sets
    total = ny + 2 * halo

    def ring(rows: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
        return _aligned(rows * 3 * W, dtype), np.arange(total, dtype=np.int64) % rows * 3 * W + line

    y, y_rows = ring(total)
    s, s_rows = ring(BAND + 4 * reach)
    s3, s3_rows = ring(BAND + 2 * reach)
    interior = y.reshape(total, 3, W)[halo : halo + ny, :, line : line + nx]
    interior[:] = m.transpose(1, 0, 2)
    rows = y.reshape(total, 3, W)[halo : halo + ny]
    rows[:, :, line - reach : line] = interior[:, :, -reach:]
    rows[:, :, line + nx : line + nx + reach] = interior[:, :, :reach]
    parameters = tuple(
        tuple(dtype.type(number) for number in (1 / 3, 1.0, *stages(fraction * dt)))
        for fraction in (0.5, 0.5, 1, 1 / 6)
    )
    return Handwritten(compiled, (y, s, s3, y_rows, s_rows, s3_rows, W, nx, ny, line, parameters), interior)


def _exchange_and_dmi(Ms: float, A: float, D: float, dx: float, dy: float) -> tuple[float, float, float, float]:
    """γ × (2A/Ms)/dx², likewise dy; γ × (2D/Ms)/(2 dx), likewise dy."""
    scale = GAMMA / Ms
    return scale * 2 * A / dx**2, scale * 2 * A / dy**2, scale * D / dx, scale * D / dy


def zhang_li(
    m: ArrayLike,
    dt: float,
    *,
    dx: float,
    dy: float,
    Ms: float,
    A: float,
    D: float,
    K: float,
    alpha: float,
    u: tuple[float, float],
    beta: float,
) -> Handwritten:
    """Exchange A (J/m), interfacial DMI D (J/m²), anisotropy K along z (J/m³), Zhang-Li with u (m/s) and β."""
    fields = (*_exchange_and_dmi(Ms, A, D, dx, dy), GAMMA / Ms * 2 * K, u[0] / (2 * dx), u[1] / (2 * dy), beta)
    gain = 1 / (1 + alpha**2)
    return _handwritten("zhang_li", m, lambda h: (h * gain, h * gain * alpha, *fields), dt)


def gilbert(
    m: ArrayLike,
    dt: float,
    *,
    dx: float,
    dy: float,
    Ms: float,
    A: float,
    D: float,
    B: tuple[float, float, float],
    alpha: float,
) -> Handwritten:
    """Exchange A (J/m), bulk DMI D (J/m²), field B (T), thin-film demagnetisation."""
    field = (GAMMA * component for component in B)
    fields = (*_exchange_and_dmi(Ms, A, D, dx, dy), GAMMA * MU0 * Ms, *field)
    gain = 1 / (1 + alpha**2)
    return _handwritten("gilbert", m, lambda h: (h * gain, h * gain * alpha, *fields), dt)


def microscopic(
    m: ArrayLike,
    dt: float,
    *,
    dx: float,
    dy: float,
    Ms: float,
    A: float,
    D: float,
    K: float,
    alpha: float,
    v: tuple[float, float],
    xi0: float,
    xi_parallel: float,
    xi_perpendicular: float,
) -> Handwritten:
    """Exchange, interfacial DMI and anisotropy as `zhang_li`; drift velocity v (m/s), ξ0, ξ∥, ξ⊥."""
    s, in_plane, normal = 1 - xi0, alpha + xi_parallel, alpha + xi_perpendicular
    solve = (s, in_plane, normal, s**2 + in_plane * normal, in_plane * (in_plane - normal))
    weights = tuple(component / d * w for component, d in zip(v, (dx, dy)) for w in (3 / 4, -3 / 20, 1 / 60))
    fields = (*_exchange_and_dmi(Ms, A, D, dx, dy), GAMMA / Ms * 2 * K, *weights)
    xi = (xi0, xi_parallel, xi_perpendicular - xi_parallel)
    return _handwritten("microscopic", m, lambda h: (h, *solve, *fields, *xi), dt)
