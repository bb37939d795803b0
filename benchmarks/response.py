"""The response of electrons with point impurities: against adaptive quadrature, as tables, and its first call."""

from __future__ import annotations

import functools
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad_vec

import coefficients as co
from benchmarks.startup import ROOT
from benchmarks.timing import Record, Sample, Settings, alternate, repeated, spread, timed
from benchmarks.timing import table as formatted
from coefficients import tmatrix
from coefficients.spin_orbit import torque_coefficients
from coefficients.units import electron_mass, hbar, meV, nm

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Integrand = Callable[[Floats, Complexes, Floats, Floats], list[Floats]]

ANGLES, TOLERANCE, TABLE_TOLERANCE, DIRECTIONS = 128, 1e-10, 1e-6, 200
BATCH = 256  # panels that are evaluated at once: few enough for the caches
MASS = 1.0 / 76.19964231  # of the electron, 1/(meV nm²)
VPF: dict[str, float] = {
    "m": 0.8 * MASS,
    "alpha": 17.0,
    "Delta_xc": 5.0,
    "density": 5e-4,
    "inverse_strength": 0.4 * MASS,  # w = 1
    "reference_energy": 5.0,
    "theta": 0.5,
}
METAL: dict[str, float] = {
    "m": MASS,
    "alpha": 100.0,
    "Delta_xc": 200.0,
    "energy": 1000.0,
    "density": 0.02,
    "inverse_strength": 0.5 * MASS,
    "reference_energy": 1000.0,
    "theta": 0.4,
}
POINTS = {"ε = 4.5 meV": {**VPF, "energy": 4.5}, "ε = 5.5 meV": {**VPF, "energy": 5.5}, "ε = 1 eV": METAL}
TABLES = {  # ε (meV) and w, of VPF's film
    "above the gap": (8.0, 1.0),
    "just above it": (5.5, 1.0),
    "across its edge, w = 0.234": (4.5, 0.234),
    "across its edge, w = 1": (4.5, 1.0),
    "across its edge, w = ∞": (4.5, math.inf),
    "inside the gap": (2.5, 1.0),
}


# -- adaptive quadrature -----------------------------------------------------------------------------------------------

# the rule of 21 nodes of Gauss and Kronrod on [0, 1] and, in the second column, what it differs from Gauss's of 10
_NODES = [0.9956571630258081, 0.9739065285171717, 0.9301574913557082, 0.8650633666889845, 0.7808177265864169]
_NODES += [0.6794095682990244, 0.5627571346686046, 0.4333953941292472, 0.2943928627014602, 0.14887433898163122]
_WEIGHTS = [0.011694638867371874, 0.03255816230796473, 0.054755896574351995, 0.07503967481091996, 0.0931254545836976]
_WEIGHTS += [0.10938715880229764, 0.12349197626206584, 0.13470921731147334, 0.14277593857706009, 0.1477391049013385]
_GAUSS = [0.06667134430868814, 0.14945134915058059, 0.21908636251598204, 0.26926671930999635, 0.29552422471475287]
NODES = 0.5 + 0.5 * np.array([*(-x for x in _NODES), 0.0, *_NODES[::-1]])
WEIGHTS = 0.5 * np.array([[*_WEIGHTS, 0.1494455540029169, *_WEIGHTS[::-1]]] * 2).T
WEIGHTS[1::2, 1] -= 0.5 * np.array([*_GAUSS, *_GAUSS[::-1]])


class Quadrature:
    """K in the self-consistent scheme by adaptive quadrature over the momentum, written to be fast.

    "quad_vec" gives scipy's function of this name the sum over the rays; "panels" halves panels on each ray where it
    needs it, hundreds of them at once. Both use the rule of Gauss and Kronrod with 21 nodes and its error, explicit
    2 × 2 algebra, the rays of `tmatrix.response` and its mirror symmetry, which leaves one half of them. The
    self-energy starts from the same value, and is iterated until it changes by less than the tolerance. σ, which
    `tmatrix.response` gives as well, is left out.
    """

    def __init__(
        self,
        method: str,
        *,
        m: float,
        alpha: float,
        Delta_xc: float,
        energy: float,
        density: float,
        inverse_strength: float,
        reference_energy: float,
        theta: float,
    ) -> None:
        self.method, self.m, self.alpha, self.energy, self.density = method, m, alpha, energy, density
        self.inverse_strength, self.reference_energy = inverse_strength, reference_energy
        self.exchange = abs(Delta_xc)
        self.magnet = Delta_xc * math.sin(theta), Delta_xc * math.cos(theta)
        self.origin, _ = tmatrix.upper_band_minimum(m, alpha, Delta_xc, math.sin(theta), math.cos(theta))
        angle = (np.arange(ANGLES // 2) + 0.5) * (2.0 * np.pi / ANGLES) - 0.5 * np.pi
        self.cosines, self.sines = np.cos(angle), np.sin(angle)
        self.momentum = math.sqrt(2.0 * m * (abs(energy) + self.exchange)) + m * abs(alpha)
        self.iterations = self.evaluations = 0

    def green(self, k: Floats, self_energy: Complexes, cosine: Floats, sine: Floats) -> tuple[Any, ...]:
        """p_x, p_y and G_0, G_x, G_y, G_z at distance k from the origin along rays."""
        p_x, p_y = k * cosine, self.origin + k * sine
        e = complex(self.energy, -self_energy[0].imag) - (0.5 / self.m) * (p_x * p_x + p_y * p_y)
        h_x, h_y = self.alpha * p_y + (self_energy[1] - self.magnet[0]), -self.alpha * p_x
        h_z = self_energy[3] - self.magnet[1]
        inverse = 1.0 / (e * e - h_x * h_x - h_y * h_y - h_z * h_z)
        return p_x, p_y, e * inverse, h_x * inverse, h_y * inverse, h_z * inverse

    def propagator(self, k: Floats, self_energy: Complexes, cosine: Floats, sine: Floats) -> list[Floats]:
        """Real and imaginary parts of G_0 + 2m/(k² + 2m E_ref), G_x and G_z."""
        _, _, G0, Gx, _, Gz = self.green(k, self_energy, cosine, sine)
        G0 += 2.0 * self.m / (k * k + 2.0 * self.m * self.reference_energy)
        return [G0.real, G0.imag, Gx.real, Gx.imag, Gz.real, Gz.imag]

    def pairs(self, k: Floats, self_energy: Complexes, cosine: Floats, sine: Floats) -> list[Floats]:
        """n_μν = ½tr[σ_μ G σ_ν G†] above the diagonal, row by row, p_y n_μ0 and p_x n_i0 (in units of `momentum`)."""
        p_x, p_y, G0, Gx, Gy, Gz = self.green(k, self_energy, cosine, sine)
        p_x, p_y = p_x / self.momentum, p_y / self.momentum
        Ax, Ay, Az = Gx.conj(), Gy.conj(), Gz.conj()
        n_0, n_x, n_y, n_z = (part.real**2 + part.imag**2 for part in (G0, Gx, Gy, Gz))
        G0Ax, G0Az, GxAz = G0 * Ax, G0 * Az, Gx * Az
        n_00, spin = n_0 + n_x + n_y + n_z, n_0 - n_x - n_y - n_z
        n_0x, n_0y, n_0z = 2.0 * G0Ax.real, -2.0 * GxAz.imag, 2.0 * G0Az.real
        return [
            *(n_00, n_0x, n_0y, n_0z),
            *(spin + 2.0 * n_x, -2.0 * G0Az.imag, 2.0 * GxAz.real),
            *(spin + 2.0 * n_y, -2.0 * G0Ax.imag),
            spin + 2.0 * n_z,
            *(p_y * n_00, p_y * n_0x, -p_y * n_0y, p_y * n_0z),
            *(-2.0 * p_x * (Gy * Az).imag, 2.0 * p_x * (G0 * Ay).real, -2.0 * p_x * (Gx * Ay).imag),
        ]

    def integral(self, integrand: Integrand, self_energy: Complexes) -> Floats:
        """∫d²p/(2π)² of all that an integrand lists, to TOLERANCE of the largest."""
        if self.method == "panels":
            return self._by_panels(integrand, self_energy)

        def summed(t: float) -> Floats:
            k, measure = self._mapped(np.array(t))
            self.evaluations += len(self.sines)
            return measure * np.array(integrand(k, self_energy, self.cosines, self.sines)).sum(axis=1)

        return np.asarray(quad_vec(summed, 0.0, 1.0, epsrel=TOLERANCE, norm="max", limit=10000)[0])

    def _mapped(self, t: Floats) -> tuple[Floats, Floats]:
        """k from t ∈ [0, 1), and k dk/dt/(2π·rays)."""
        inverse = 1.0 / (1.0 - t)
        k = self.momentum * t * inverse
        return k, k * inverse * inverse * (self.momentum / (2.0 * np.pi * len(self.sines)))

    def _by_panels(self, integrand: Integrand, self_energy: Complexes) -> Floats:
        ray, left, width = np.repeat(np.arange(len(self.sines)), 8), np.tile(np.arange(8) / 8, len(self.sines)), 0.125
        total, finished = np.zeros(1), 0
        while len(ray):
            batches = np.array_split(np.arange(len(ray)), math.ceil(len(ray) / BATCH))
            found = np.hstack([self._panels(integrand, self_energy, ray[b], left[b], width) for b in batches])
            sums, errors = found[..., 0], np.abs(found[..., 1]).max(axis=0)
            largest = np.abs(total + sums.sum(axis=1)).max()
            again = errors > TOLERANCE * largest / (finished + len(ray))
            total, finished = total + sums[:, ~again].sum(axis=1), finished + int(np.count_nonzero(~again))
            width *= 0.5
            ray, left = np.repeat(ray[again], 2), np.repeat(left[again], 2)
            left[1::2] += width
        return total

    def _panels(
        self, integrand: Integrand, self_energy: Complexes, ray: NDArray[np.intp], left: Floats, width: float
    ) -> Floats:
        """(integrands, panels, 2): the integral over each panel and its error."""
        k, measure = self._mapped(left[:, None] + width * NODES)
        measure *= width
        self.evaluations += k.size
        values = integrand(k, self_energy, self.cosines[ray, None], self.sines[ray, None])
        return np.array([(f * measure) @ WEIGHTS for f in values])

    def __call__(self) -> Floats:
        """K (3, 2)."""
        self.iterations = self.evaluations = 0
        self_energy = np.array([-1e-3j * (abs(self.energy) + self.exchange), 0.0, 0.0, 0.0])
        change = math.inf
        while change > TOLERANCE:
            parts = self.integral(self.propagator, self_energy)
            g0, gx, gz = parts[::2] + 1j * parts[1::2]
            scalar = self.inverse_strength - g0
            T = np.array([scalar, gx, 0.0, gz]) / (scalar**2 - gx**2 - gz**2)
            before, self_energy = self_energy, self.density * T
            self_energy.real[0] = 0.0
            change = np.abs(self_energy - before).max() / abs(self_energy[0].imag)
            self.iterations += 1

        n_00, n_0x, n_0y, n_0z, n_xx, n_xy, n_xz, n_yy, n_yz, n_zz, *pn = self.integral(self.pairs, self_energy)
        n = np.array(
            [[n_00, n_0x, n_0y, n_0z], [n_0x, n_xx, n_xy, n_xz], [-n_0y, -n_xy, n_yy, n_yz], [n_0z, n_xz, -n_yz, n_zz]]
        )
        x = self.momentum / self.m * np.array([[0.0, *pn[4:]], pn[:4]])  # ½∫tr[σ_ν G v_β G†], v = p/m + α ẑ×σ
        x += self.alpha * np.array([-n[:, 2], n[:, 1]])
        pauli = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
        matrix = np.einsum("a,aij->ij", T, pauli)
        ladder = 0.5 * np.einsum("mij,jk,nkl,li->mn", pauli, matrix, pauli, matrix.conj().T, optimize=True).real
        bordered = np.zeros((5, 5))  # with the charge mode, so that ρ_0 = 0
        bordered[:4, :4], bordered[:4, 4], bordered[4, 0] = np.eye(4) - self.density * n @ ladder, self_energy.imag, 1.0
        rho = np.linalg.solve(bordered, np.vstack([x.T, np.zeros((1, 2))]))
        return np.asarray(rho[1:4] / (2.0 * np.pi), dtype=np.float64)


def _points(settings: Settings) -> list[Record]:
    """Seconds of a response and of both quadratures, in turn, and how far their K are apart."""
    records: list[Record] = []
    for name, parameters in list(POINTS.items())[: 1 if settings.quick else None]:
        exact = functools.partial(tmatrix.response, **parameters, angles=ANGLES)  # type: ignore[arg-type]
        automatic = functools.partial(tmatrix.response, **parameters)  # type: ignore[arg-type]
        quadratures = {method: Quadrature(method, **parameters) for method in ("panels", "quad_vec")}
        K = exact().K
        compared: dict[str, Record] = {}
        for method, quadrature in quadratures.items():
            difference = float(np.abs(quadrature() - K).max() / np.abs(K).max())
            compared[method] = {
                "difference": difference,
                "iterations": quadrature.iterations,
                "evaluations": quadrature.evaluations,
            }
        seconds = alternate(
            {
                "response": repeated(exact, settings.seconds),
                "automatic": repeated(automatic, settings.seconds),
                "panels": repeated(quadratures["panels"], settings.seconds),
                "quad_vec": functools.partial(timed, quadratures["quad_vec"]),
            },
            1 if settings.quick else settings.rounds,
        )
        record: Record = {"kind": "point", "name": name, **{key: sample.as_dict() for key, sample in seconds.items()}}
        record |= {"automatic_angles": automatic().angles}
        for method in quadratures:
            compared[method]["ratio"] = seconds[method].ratio(seconds["response"]).as_dict()
        records.append({**record, "compared": compared})
    return records


# -- tables ------------------------------------------------------------------------------------------------------------


def _film(energy: float, w: float) -> tuple[co.RashbaFerromagnet, co.PointImpurities]:
    mass = 0.8 * electron_mass
    model = co.RashbaFerromagnet(
        fermi_energy=energy * meV, exchange=5.0 * meV, rashba=17.0 * meV * nm, effective_mass=mass, exchange_sign=1
    )
    return model, co.PointImpurities(
        density=5e-4 / nm**2, strength=2.0 * w * hbar**2 / mass, reference_energy=5.0 * meV
    )


def _tables(settings: Settings) -> list[Record]:
    """Seconds of a table, its pieces and evaluations, its certified error and the one found at random n_z."""
    tolerance = 1e-3 if settings.quick else TABLE_TOLERANCE
    runs: dict[str, Callable[[], co.CoefficientTable]] = {}
    for name, (energy, w) in list(TABLES.items())[:: 3 if settings.quick else 1]:
        runs[name] = functools.partial(co.tabulate, *_film(energy, w), spin_density=2e19, tolerance=tolerance)
    found: dict[str, Record] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, run in runs.items():
            with mock.patch.object(tmatrix, "solve", wraps=tmatrix.solve) as solve:
                table = run()
            found[name] = {
                "kind": "table",
                "name": name,
                "energy": TABLES[name][0],
                "tolerance": tolerance,
                "pieces": len(table.response.series),
                "evaluations": solve.call_count,
                "certified": table.numerical_error,
                "resolved": table.resolved,
                "found": _measured_error(table, *TABLES[name]),
            }
        samples = alternate(
            {name: functools.partial(timed, run) for name, run in runs.items()},
            1 if settings.quick else settings.rounds,
        )
    return [{**found[name], "seconds": sample.as_dict()} for name, sample in samples.items()]


def _measured_error(table: co.CoefficientTable, energy: float, w: float) -> float:
    """Largest error of a, b, c, d at random n_z against `tmatrix.response`, on the scale of `numerical_error`."""
    parameters = {**VPF, "energy": energy, "inverse_strength": VPF["m"] / (2.0 * w)}
    errors, values = [], []
    for m_z in np.random.default_rng(0).uniform(0.02, 0.98, DIRECTIONS):
        exact = tmatrix.response(**{**parameters, "theta": math.acos(m_z)}).torques  # type: ignore[arg-type]
        of_table = torque_coefficients(table.K(m_z) * (meV * nm), math.sqrt(1.0 - m_z**2), m_z)
        errors.append(np.abs(np.subtract(of_table, exact)))
        values.append(np.abs(exact))
    largest = np.max(values, axis=0)
    return float((np.max(errors, axis=0) / np.maximum(largest, 1e-4 * largest.max())).max())


# -- the first call ----------------------------------------------------------------------------------------------------


CHILD = """
import json, sys, time
begin = time.perf_counter()
from coefficients import tmatrix
times = [time.perf_counter()]
for _ in range(2):
    tmatrix.response(**json.loads(sys.argv[1]))
    times.append(time.perf_counter())
print(json.dumps({"import": times[0] - begin, "first": times[1] - times[0], "second": times[2] - times[1]}))
"""


def _starts(settings: Settings) -> list[Record]:
    """Seconds of the first call and the one after it, with an empty and with a filled cache of compiled code."""
    found: dict[str, dict[str, list[float]]] = {cache: {} for cache in ("empty", "filled")}
    for _ in range(1 if settings.quick else settings.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for times in found.values():
                for name, seconds in _one_start(folder).items():
                    times.setdefault(name, []).append(seconds)
    return [
        {"kind": "start", "cache": cache, **{name: Sample(tuple(values)).as_dict() for name, values in times.items()}}
        for cache, times in found.items()
    ]


def _one_start(folder: str) -> dict[str, float]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
    command = [sys.executable, "-c", CHILD, json.dumps(POINTS["ε = 4.5 meV"])]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


# -- the section -------------------------------------------------------------------------------------------------------


def measure(settings: Settings, probes: Any, threads: Sequence[int]) -> list[Record]:
    """Records of three kinds: "point", "table" and "start"."""
    return [*_points(settings), *_tables(settings), *_starts(settings)]


def report(records: list[Record]) -> str:
    points, tables, starts = ([r for r in records if r["kind"] == kind] for kind in ("point", "table", "start"))
    headers = ["one direction of m", "response, 128 angles (ms)", "quadrature", "(ms)", "ratio", "ΔK/K"]
    headers += ["iterations", "evaluations", "response, automatic (ms)", "angles"]
    rows: list[list[object]] = [
        [
            *(r["name"], 1e3 * r["response"]["median"], method, 1e3 * r[method]["median"], spread(of["ratio"])),
            *(of["difference"], of["iterations"], of["evaluations"]),
            *(1e3 * r["automatic"]["median"], r["automatic_angles"]),
        ]
        for r in points
        for method, of in r["compared"].items()
    ]
    text = formatted(headers, rows)
    headers = ["table", "ε (meV)", "tolerance", "time (s)", "pieces", "evaluations", "certified error", "error found"]
    rows = [
        [
            *(r["name"], r["energy"], r["tolerance"], spread(r["seconds"]), r["pieces"], r["evaluations"]),
            *(f"{r['certified']:.1e}" + ("" if r["resolved"] else " (not resolved)"), r["found"]),
        ]
        for r in tables
    ]
    text += f"\n\n{formatted(headers, rows)}"
    headers = ["cache of compiled code", "import (s)", "first response (s)", "second (ms)"]
    rows = [[r["cache"], spread(r["import"]), spread(r["first"]), 1e3 * r["second"]["median"]] for r in starts]
    return f"{text}\n\n{formatted(headers, rows)}"
