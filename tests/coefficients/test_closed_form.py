from __future__ import annotations

import json
import math
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coefficients import closed_form

POINTS = json.loads((Path(__file__).parents[1] / "data" / "xi.json").read_text(encoding="utf-8"))["points"]
D_RANGE = st.floats(-3, 3).map(lambda x: 10.0**x)
S_RANGE = st.floats(-4, 3).map(lambda x: 10.0**x)
N_Z_RANGE = st.floats(-1, 1)
SIGN = st.sampled_from([-1, 1])


@pytest.mark.parametrize("point", POINTS, ids=lambda p: f"D{p['tau_Dsd']}-S{p['tau_Dso']}-nz{p['n_z'][:6]}")
def test_reference_values(point: dict[str, str]) -> None:
    D, S, n_z, sign = float(point["tau_Dsd"]), float(point["tau_Dso"]), float(point["n_z"]), int(point["sign"])
    t = closed_form.t_coefficients(D, S, n_z, sign=sign)
    reference = [float(point[name]) for name in ("t0", "t_par", "t_perp")]
    # every operation adds positive numbers, so only some ten roundings are left; 1e-12 is far from both
    np.testing.assert_allclose(t, reference, rtol=1e-12)
    norm = [float(point[name]) for name in ("xi0_norm", "xi_par_norm", "xi_perp_norm")]
    np.testing.assert_allclose([2 * sign * D * t[0], 2 * t[1], 2 * t[2]], norm, rtol=1e-12)


@given(D=D_RANGE, S=S_RANGE, n_z=N_Z_RANGE, sign=SIGN)
@settings(max_examples=300, deadline=None)
def test_damping_is_positive_and_signs_are_right(D: float, S: float, n_z: float, sign: int) -> None:
    t0, t_par, t_perp = closed_form.t_coefficients(D, S, n_z, sign=sign)
    assert t_par > 0
    assert t_perp > 0
    assert sign * t0 > 0
    mirrored = closed_form.t_coefficients(D, S, -n_z, sign=-sign)
    assert mirrored == (-t0, t_par, t_perp)


@given(D=D_RANGE, n_z=N_Z_RANGE, sign=SIGN)
@settings(deadline=None)
def test_without_spin_orbit_coupling_there_is_no_damping(D: float, n_z: float, sign: int) -> None:
    t0, t_par, t_perp = closed_form.t_coefficients(D, 0.0, n_z, sign=sign)
    assert (t_par, t_perp) == (0.0, 0.0)
    np.testing.assert_allclose(t0, sign / (2 * D), rtol=1e-14)


@given(D=D_RANGE, S=S_RANGE, n_z=N_Z_RANGE, sign=SIGN, scale=st.floats(1e-6, 1e3))
@settings(max_examples=300, deadline=None)
def test_kernel_equals_t_coefficients(D: float, S: float, n_z: float, sign: int, scale: float) -> None:
    t = np.array(closed_form.t_coefficients(D, S, n_z, sign=sign))
    xi = closed_form.kernel(n_z * n_z, *closed_form.kernel_parameters(D, S, sign, scale))
    np.testing.assert_allclose(xi, scale * t, rtol=1e-13)


@numba.njit
def compiled(C, parameters, out):  # type: ignore[no-untyped-def]
    for i in range(C.size):
        out[0, i], out[1, i], out[2, i] = closed_form.kernel(C[i], *parameters)


@pytest.mark.parametrize(("D", "S"), [(10.0, 0.3), (3.0, 3.0), (0.7, 40.0)])
def test_compiled_kernel_equals_the_plain_one(D: float, S: float) -> None:
    n_z = np.linspace(-1.0, 1.0, 41)
    parameters = closed_form.kernel_parameters(D, S, -1, 0.02)
    out = np.empty((3, n_z.size))
    compiled(n_z**2, parameters, out)
    np.testing.assert_allclose(out, closed_form.kernel(n_z**2, *parameters), rtol=1e-14)
    np.testing.assert_allclose(out, 0.02 * np.array(closed_form.t_coefficients(D, S, n_z, sign=-1)), rtol=1e-13)


@numba.njit
def one_cell(C, parameters):  # type: ignore[no-untyped-def]
    return closed_form.kernel(C, *parameters)


def test_kernel_stays_in_single_precision() -> None:
    # a literal anywhere in the kernel would promote the result to float64
    single = tuple(np.float32(value) for value in closed_form.kernel_parameters(2.0, 5.0, 1, 0.1))
    one_cell(np.float32(0.25), single)
    assert one_cell.nopython_signatures[-1].return_type == numba.types.UniTuple(numba.float32, 3)
    xi = closed_form.kernel(np.linspace(0.0, 1.0, 5, dtype=np.float32), *single)
    assert {values.dtype for values in xi} == {np.dtype(np.float32)}
    exact = 0.1 * np.array(closed_form.t_coefficients(2.0, 5.0, np.sqrt(np.linspace(0.0, 1.0, 5)), sign=1))
    # float32 carries 6e-8; g in its cancellation-free form keeps that for S > D
    np.testing.assert_allclose(xi, exact, rtol=2e-6)


def test_broadcasting_and_scalars() -> None:
    D = np.array([0.5, 2.0])[:, None]
    n_z = np.linspace(-1.0, 1.0, 3)
    t = closed_form.t_coefficients(D, 1.0, n_z, sign=1)
    assert [values.shape for values in t] == [(2, 3)] * 3
    alone = closed_form.t_coefficients(2.0, 1.0, -1.0, sign=1)
    assert [np.ndim(value) for value in alone] == [0, 0, 0]
    assert alone == tuple(values[1, 0] for values in t)


def test_n_z_is_clipped_within_rounding_and_refused_beyond() -> None:
    at_one = closed_form.t_coefficients(3.0, 2.0, 1.0, sign=1)
    assert closed_form.t_coefficients(3.0, 2.0, 1.0 + 1e-10, sign=1) == at_one
    assert closed_form.t_coefficients(3.0, 2.0, -1.0 - 1e-10, sign=1) == at_one
    for bad in (1.0 + 1e-8, -1.1, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"n_z = .*unit vector"):
            closed_form.t_coefficients(3.0, 2.0, [0.0, bad], sign=1)


@pytest.mark.parametrize(
    ("D", "S", "sign", "message"),
    [
        (0.0, 1.0, 1, "D = .* = 0.0 must be positive"),
        (-1.0, 1.0, 1, "D = "),
        (math.nan, 1.0, 1, "D = "),
        (math.inf, 1.0, 1, "D = "),
        (1.0, -1e-3, 1, "S = .*-0.001 must be finite and not negative"),
        (1.0, math.nan, 1, "S = "),
        (1.0, math.inf, 1, "S = "),
        (1.0, 1.0, 0, "sign = 0 must be -1 or"),
    ],
)
def test_refused_parameters(D: float, S: float, sign: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        closed_form.t_coefficients(D, S, 0.0, sign=sign)
    with pytest.raises(ValueError, match=message):
        closed_form.kernel_parameters(D, S, sign, 1.0)


def test_refused_scale() -> None:
    with pytest.raises(ValueError, match="scale = nan"):
        closed_form.kernel_parameters(1.0, 1.0, 1, math.nan)
