"""From a list of terms and torques to one compiled kernel, by way of readable Python source.

`kernel_source` writes a module in which every cell calls the terms' and torques' own per-cell functions once, with its
neighbours loaded once and all parameters as plain numbers, so that a sweep over parameters never recompiles.
`compose` has it compiled, and found again by later processes (`llgsim.kernel_cache`).

The loops run over the cells of a row of a state (`llgsim.layout`) without a branch: a missing neighbour is a zero
vector, and differences that get narrower towards an edge are weights, one number per row along y, and along x either
one for all cells or, with open edges, a row of them. With a mask every cell has its own.
"""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid
from llgsim.integrators import STEP
from llgsim.kernel_cache import load
from llgsim.percell import kernel_function
from llgsim.stencils import bond_weights, gradient_weights

JIT = "@njit(**COMPILE_OPTIONS)"
INLINED = "@njit(forceinline=True, **COMPILE_OPTIONS)"
TINY = float(np.finfo(np.float32).tiny)  # added to |m|², so that cells without magnet stay zero when normalised
ROWS = ["first", "last", "p", "wx", "wy", "grid_rows", "nx", "ny", "stride"]
CELL = "src, i, rows, row, wx, wy, nx, ny, stride"
PLACES = [(0, "x", "i"), (1, "y", "i + stride"), (2, "z", "i + 2 * stride")]  # components of a cell within a row
BONDS = ("east_bond", "west_bond", "east_far", "west_far")  # as llgsim.stencils.bond_weights gives them
COMPASS = {"north": (1, 0), "south": (-1, 0), "east": (0, 1), "west": (0, -1)}  # (dj, di)


@dataclass(frozen=True)
class Kernel:
    """A compiled module, the layout of its parameters and the weights of its finite differences on one grid.

    `wx` and `wy` are the weights along x and y, flat, as the module reads them; `constants` those that are the same for
    all cells and therefore parameters.
    """

    module: ModuleType
    source: str
    terms: tuple[Any, ...]
    torques: tuple[Any, ...]
    reach: int
    constants: tuple[float, ...]
    wx: NDArray[np.float64]
    wy: NDArray[np.float64]

    def parameters(self, grid: Grid, Ms: float, gamma: float, damping: float, t: float) -> NDArray[np.float64]:
        """The flat parameter vector at time t (s), in the order in which the kernel unpacks it."""
        numbers = [1.0, TINY, gamma / Ms, damping, 1 / (1 + damping**2), *self.constants]
        for part in (*self.terms, *self.torques):
            numbers += part.parameters(grid, Ms, gamma, t)
        return np.array(numbers, dtype=np.float64)


class Needs:
    """What a list of terms and torques needs to know about the neighbourhood of a cell."""

    def __init__(self, terms: Sequence[Any], torques: Sequence[Any]) -> None:
        wanted = {(torque.derivative_order, axis) for torque in torques for axis in torque.derivative_axes}
        #: order and axis of the derivatives, stencil and order of the differences
        self.derivatives = sorted((order, axis) for order, axis in wanted if order)
        self.differences = sorted(
            {(term.stencil, getattr(term, "stencil_order", 2)) for term in terms if term.stencil != "cell"}
        )
        self.fourth = any(order == 4 for _, order in self.differences)
        self.names = {axis: self._names(axis) for axis in "xy"}
        self.reach = {axis: self._reach(axis) for axis in "xy"}

    def _names(self, axis: str) -> list[str]:
        """Names of the weights along an axis, in the order of `weights`."""
        names = [
            f"w{order}{axis}{k}" for order, direction in self.derivatives if direction == axis for k in _pairs(order)
        ]
        return names + [f"{_along(bond, axis)}" for bond in BONDS] if self.fourth else names

    def _reach(self, axis: str) -> int:
        """How many cells away the farthest neighbour along an axis is."""
        orders = [order for order, direction in self.derivatives if direction == axis] + [
            o for _, o in self.differences
        ]
        return max(orders, default=0) // 2

    def edges(self, grid: Grid) -> str:
        """How weights vary: "none" along x, "straight" towards the ends of a row, "mask" in any way."""
        if not (self.names["x"] or self.names["y"]):
            return "none"
        if grid.mask is not None:
            return "mask"
        return "none" if grid.periodic[0] else "straight"

    def weights(self, grid: Grid, axis: str) -> NDArray[np.float64]:
        """Weights along an axis, (names, ny, nx); without a mask (names, 1, nx) along x and (names, ny, 1) along y."""
        if grid.mask is None:
            grid = dataclasses.replace(grid, ny=1) if axis == "x" else dataclasses.replace(grid, nx=1)
        number = "xy".index(axis)
        found = [gradient_weights(grid, order, number) for order, direction in self.derivatives if direction == axis]
        found += [bond_weights(grid, number)] if self.fourth else []
        return np.concatenate(found) if found else np.zeros((0, *grid.shape))


def compose(terms: Sequence[Any], torques: Sequence[Any], grid: Grid, Ms: float, gamma: float) -> Kernel:
    """The kernel for these terms and torques, compiled when it is first called."""
    text = kernel_source(terms, torques, grid, Ms, gamma)
    functions: dict[str, Callable[..., Any]] = {}
    for parts, names in ((terms, ("field", "energy")), (torques, ("angular_velocity",))):
        for label, part in _labelled(parts):
            for name in names:
                functions[f"{label}_{name}"] = kernel_function(part, name)
    module = load(text, tuple(functions), tuple(functions.values()))
    needs = Needs(terms, torques)
    wx, wy = needs.weights(grid, "x"), needs.weights(grid, "y")
    constants = (-1 / 12, -1 / 6) if needs.fourth else ()
    if needs.edges(grid) == "none":
        constants += tuple(wx[:, 0, 0].tolist())
    weights = (np.append(numbers.ravel(), 0.0) for numbers in (wx, wy))  # never empty
    return Kernel(module, text, tuple(terms), tuple(torques), needs.reach["y"], constants, *weights)


def kernel_source(terms: Sequence[Any], torques: Sequence[Any], grid: Grid, Ms: float, gamma: float) -> str:
    """The text of the kernel module for these terms and torques; it does not depend on the parameters' values.

    `grid`, `Ms` and `gamma` only serve to count the parameters, and the grid to tell what edges it has.
    """
    writer = _Writer(terms, torques, grid, Ms, gamma)
    return "\n\n\n".join(
        [
            writer.header(),
            writer.cell(),
            writer.surroundings(),
            writer.increment(),
            writer.stage_3(),
            writer.stage_4(),
            writer.field(),
            writer.totals(),
            *(function.replace("REACH", str(writer.needs.reach["y"])) for function in STEP),
        ]
    ) + "\n"  # fmt: skip


def _labelled(parts: Sequence[Any]) -> list[tuple[str, Any]]:
    """Parts under readable unique names, such as exchange_0."""
    snake = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
    return [(f"{snake.sub('_', type(part).__name__).lower()}_{index}", part) for index, part in enumerate(parts)]


class _Writer:
    """Writes the functions of a kernel module."""

    def __init__(self, terms: Sequence[Any], torques: Sequence[Any], grid: Grid, Ms: float, gamma: float) -> None:
        self.terms, self.torques = _labelled(terms), _labelled(torques)
        self.needs = Needs(terms, torques)
        self.edges = self.needs.edges(grid)
        self.names = ["one", "tiny", "gamma_by_Ms", "damping", "inverse"]
        self.names += ["far_even", "far_odd"] if self.needs.fourth else []
        self.names += self.needs.names["x"] if self.edges == "none" else []
        self.own: dict[str, list[str]] = {}
        for label, part in self.terms + self.torques:
            count = len(part.parameters(grid, Ms, gamma, 0.0))
            self.own[label] = [f"{label}_p{k}" for k in range(count)]
            self.names += self.own[label]
        self.differences = [f"{kind}{order}{axis}" for kind, order in self.needs.differences for axis in "xy"]

    def header(self) -> str:
        parts = [
            f"{label}: {type(part).__module__}.{type(part).__qualname__}" for label, part in self.terms + self.torques
        ]
        return "\n".join(
            [
                '"""Kernel composed from the per-cell functions of',
                "",
                *parts,
                '"""',
                "",
                "import numpy as np",
                "from numba import njit, prange",
                "",
                "from llgsim.percell import COMPILE_OPTIONS, cross, dot, step",
                "from llgsim.rows import close_row, copy_row, load, stand_alone",
                "from llgsim.rows import load_output_x, load_output_y, load_output_z, load_state_x, load_state_y",
                "from llgsim.rows import load_state_z, store_output_x, store_output_y, store_output_z",
                "from llgsim.rows import store_state_x, store_state_y, store_state_z",
                "",
                "# <part>_field, <part>_angular_velocity, … of the parts above are supplied on loading",
            ]
        )

    # -- one cell

    def cell(self) -> str:
        lines = [INLINED, f"def cell({CELL}, h, parameters):"]
        lines += [
            '    """m and h ∂t m of cell i: R = Ω × m, Ω = γB + torques, then the implicit ∂t m in closed form."""'
        ]
        lines += [_wrapped("(", self.names, ") = parameters", 4)]
        # a part of a Laplacian along m does nothing if the field is the Laplacian times a number
        exact = any(t.stencil == "laplacian" and not getattr(t, "isotropic", False) for _, t in self.terms)
        lines += self._loaded() + self._differences(exact) + self._derivatives()
        if any("nothing" in self._gradient(torque) for _, torque in self.torques):
            lines += ["    nothing = (one - one, one - one, one - one)"]
        lines += self._fields(4)
        lines += [f"    spin_{axis} = gamma_by_Ms * h{axis}" for axis in "xyz"]
        for index, (label, torque) in enumerate(self.torques):
            arguments = ["m", *self._gradient(torque), *self.own[label]]
            lines += [_wrapped(f"t{index} = {label}_angular_velocity(", arguments, ")", 4)]
            if not torque.renormalises:
                lines += [f"    spin_{axis} = spin_{axis} + t{index}[{c}]" for c, axis in enumerate("xyz")]
        renormalising = [f"t{index}" for index, (_, torque) in enumerate(self.torques) if torque.renormalises]
        if renormalising:
            lines += self._common_denominator(renormalising)
        lines += ["    r = cross((spin_x, spin_y, spin_z), m)"]
        if renormalising:
            lines += ["    turned = cross(m, (in_plane * r[0], in_plane * r[1], normal * r[2]))", "    C = m[2] * m[2]"]
            lines += ["    scale = h / (s * s + in_plane * (in_plane * C + normal * (one - C)))"]
            results = [f"scale * (s * r[{c}] + turned[{c}])" for c in range(3)]
        else:
            lines += ["    turned = cross(m, r)", "    straight = h * inverse", "    bent = straight * damping"]
            results = [f"straight * r[{c}] + bent * turned[{c}]" for c in range(3)]
        return "\n".join([*lines, *_triple("k", results), "    return m, k"])

    @staticmethod
    def _common_denominator(renormalising: list[str]) -> list[str]:
        """Ω, s = 1 − ξ0, α0 + ξ∥ and α0 + ξ⊥, all times the product of the torques' denominators, which cancels."""
        lines = ["    s, in_plane, normal = one, damping, damping"]
        others = ""  # the product of the denominators so far
        for number, t in enumerate(renormalising):
            for c, name in enumerate(("spin_x", "spin_y", "spin_z", "s", "in_plane", "normal")):
                lines += [f"    {name} = {name} * {t}[6] {'-' if name == 's' else '+'} {others}{t}[{c}]"]
            if number + 1 < len(renormalising):
                lines += [f"    product = {others}{t}[6]"]
            others = "product * "
        return lines

    def surroundings(self) -> str:
        lines = [INLINED, f"def surroundings({CELL}, parameters):"]
        lines += ['    """m of cell i and the differences that its terms take, with their parts along m."""']
        lines += [_wrapped("(", self.names, ") = parameters", 4), *self._loaded()]
        lines += self._differences(exact=True)
        return "\n".join([*lines, f"    return ({', '.join(['m', *self.differences])},)"])

    def _neighbours(self) -> dict[str, tuple[int, int]]:
        """Offsets (dj, di) of the neighbours that are loaded, by name."""
        return {
            name + _number(k): (k * dj, k * di)
            for name, (dj, di) in COMPASS.items()
            for k in range(1, self.needs.reach["y" if dj else "x"] + 1)
        }

    def _loaded(self) -> list[str]:
        """m of a cell, of its neighbours, and the weights that are not parameters."""
        lines = []
        for name, (dj, di) in {"m": (0, 0), **self._neighbours()}.items():
            first = f"rows[{dj + self.needs.reach['y']}] + i{_shift(di)}"
            place = [f"load(src, {first}{shift})" for shift in ("", " + stride", " + 2 * stride")]
            lines += [f"    {name} = ({', '.join(place)})"]
        for axis, array in (("x", "wx"), ("y", "wy")):
            for index, weight in enumerate(self.needs.names[axis]):
                if self.edges == "mask":
                    lines += [f"    {weight} = load({array}, ({index} * ny + row) * nx + i)"]
                elif axis == "y":
                    lines += [f"    {weight} = load(wy, {index} * ny + row)"]
                elif self.edges == "straight":
                    lines += [f"    {weight} = load(wx, {index} * nx + i)"]
        return lines

    def _differences(self, exact: bool) -> list[str]:
        """Sums and differences over the neighbours of a cell; `exact`: without the part of the sums along m."""
        laplacian = "_step" if exact and any(kind == "laplacian" for kind, _ in self.needs.differences) else ""
        lines = [f"    {name}_step = step({name}, m, one)" for name in self._neighbours()] if laplacian else []
        for kind, order in self.needs.differences:
            sign, far_weight, ending = ("+", "far_even", laplacian) if kind == "laplacian" else ("-", "far_odd", "")
            for axis in "xy":
                results = []
                for c in range(3):
                    plus, minus, plus2, minus2 = (
                        f"{_along(name, axis)}{ending}[{c}]" for name in ("east", "west", "east2", "west2")
                    )
                    if order == 2:
                        results += [f"{plus} {sign} {minus}"]
                        continue
                    if self.edges == "mask":
                        plus2, minus2 = (
                            f"{_along(f'{name}_far', axis)} * {there}"
                            for name, there in (("east", plus2), ("west", minus2))
                        )
                    near = f"{_along('east_bond', axis)} * {plus} {sign} {_along('west_bond', axis)} * {minus}"
                    results += [f"{near} + {far_weight} * ({plus2} {sign} {minus2})"]
                lines += _triple(f"{kind}{order}{axis}", results)
        return lines

    def _derivatives(self) -> list[str]:
        lines = []
        for order, axis in self.needs.derivatives:
            results = []
            for c in range(3):
                products = []
                for k in _pairs(order):
                    plus, minus = (_along(f"{name}{_number(k)}", axis) for name in ("east", "west"))
                    products += [f"w{order}{axis}{k} * ({plus}[{c}] - {minus}[{c}])"]
                results += [" + ".join(products)]
            lines += _triple(f"d{order}{axis}", results)
        return lines

    def _gradient(self, torque: Any) -> list[str]:
        """The two derivatives that a torque takes; zero along an axis that it does not need, m if it needs none."""
        if not torque.derivative_order:
            return ["m", "m"]
        return [f"d{torque.derivative_order}{axis}" if axis in torque.derivative_axes else "nothing" for axis in "xy"]

    def _arguments(self, label: str, term: Any) -> list[str]:
        order = getattr(term, "stencil_order", 2)
        differences = [] if term.stencil == "cell" else [f"{term.stencil}{order}{axis}" for axis in "xy"]
        return ["m", *differences, *self.own[label]]

    def _fields(self, indent: int) -> list[str]:
        """−δw/δm of every term, and their sum."""
        lines = [
            _wrapped(f"h{index} = {label}_field(", self._arguments(label, term), ")", indent)
            for index, (label, term) in enumerate(self.terms)
        ]
        for c, axis in enumerate("xyz"):
            total = " + ".join(f"h{index}[{c}]" for index in range(len(self.terms))) or "m[0] - m[0]"
            lines += [" " * indent + f"h{axis} = {total}"]
        return lines

    # -- rows

    def increment(self) -> str:
        return self._rows(
            "increment",
            ["out", "src", "base", "out_rows", "src_rows", "base_rows", "h"],
            "out = base + h ∂t m(src): the first two stages; with a base of zeros and h = 1 the right-hand side.",
            [f"m, k = cell({CELL}, h, parameters)"]
            + [f"store_output_{a}(out, o + {at}, load(base, b + {at}) + k[{c}])" for c, a, at in PLACES],
            offsets=["o = out_rows[j]", "b = base_rows[j]"],
            closing=f"close_row(out, o, nx, stride, {self.needs.reach['x']})",
        )

    def stage_3(self) -> str:
        body = [f"m, k = cell({CELL}, h, parameters)"]
        body += [f"y{a} = load_state_{a}(y, b + {at})" for c, a, at in PLACES]
        for c, a, at in PLACES:
            body += [f"store_state_{a}(y, b + {at}, load_output_{a}(s, o + {at}) + m[{c}] + m[{c}] + k[{c}])"]
        body += [f"store_output_{a}(s, o + {at}, y{a} + k[{c}])" for c, a, at in PLACES]
        return self._rows(
            "stage_3",
            ["s", "src", "y", "s_rows", "src_rows", "y_rows", "h"],
            "With k = h ∂t m(s3): s4 = y + k over s2, and s2 + 2 s3 + k over y.",
            body,
            offsets=["o = s_rows[j]", "b = y_rows[j]"],
            closing=f"close_row(s, o, nx, stride, {self.needs.reach['x']})",
        )

    def stage_4(self) -> str:
        body = [f"m, k = cell({CELL}, h, parameters)"]
        body += [f"y{a} = load_state_{a}(y, b + {at}) + k[{c}]" for c, a, at in PLACES]
        body += ["scale = one / np.sqrt(yx * yx + yy * yy + yz * yz + tiny)"]
        body += [f"store_state_{a}(y, b + {at}, y{a} * scale)" for c, a, at in PLACES]
        return self._rows(
            "stage_4",
            ["src", "y", "src_rows", "y_rows", "h"],
            "y + h ∂t m(s4), normalised, over y, which holds what the other stages have summed up.",
            body,
            offsets=["b = y_rows[j]"],
            closing=f"close_row(y, b, nx, stride, {self.needs.reach['x']})",
        )

    def _surrounded(self) -> str:
        surrounded = _wrapped("surrounded = surroundings(", [CELL, "parameters"], ")", 0)
        return "\n".join([surrounded, f"{', '.join(['m', *self.differences])}, = surrounded"])

    def field(self) -> str:
        body = [self._surrounded(), *self._fields(0), "h[0, row, i], h[1, row, i], h[2, row, i] = hx, hy, hz"]
        return self._rows("field", ["src", "src_rows", "h"], "Ms B (J/m³) of every cell, into h (3, ny, nx).", body)

    def totals(self) -> str:
        body = [self._surrounded(), "if m[0] == 0 and m[1] == 0 and m[2] == 0:", "    continue"]
        body += [f"sums[{c}] += m[{c}]" for c in range(3)]
        for index, (label, term) in enumerate(self.terms):
            body += [_wrapped(f"w = {label}_energy(", self._arguments(label, term), ")", 0), f"sums[{4 + index}] += w"]
        body += [*self._fields(0), "torque = cross(m, (hx, hy, hz))", "squared = dot(torque, torque)"]
        body += ["if not squared <= sums[3]:  # true for NaN too", "    sums[3] = squared"]
        return self._rows(
            "totals",
            ["src", "src_rows", "sums"],
            "Sums over the magnet, added to sums: m, the largest |m × Ms B|², the energy density of each term.",
            body,
        )

    def _rows(
        self,
        name: str,
        arguments: list[str],
        docstring: str,
        body: list[str],
        offsets: Sequence[str] = (),
        closing: str = "",
    ) -> str:
        """A function that runs `body` for every cell of the rows first … last − 1, and `closing` after each."""
        reach = self.needs.reach["y"]
        around = [f"src_rows[j{_shift(d)}]" for d in range(-reach, reach + 1)]
        lines = [JIT, _wrapped(f"def {name}(", [*arguments, *(["close"] if closing else []), *ROWS], "):", 0)]
        lines += [f'    """{docstring}"""', "    stand_alone()"]
        lines += [_wrapped("parameters = (", [f"p[{index}]" for index in range(len(self.names))], ")", 4)]
        lines += [_wrapped("(", self.names, ") = parameters", 4)]
        lines += ["    for j in range(first, last):"]
        rows = _wrapped("rows = (", around, ")" if reach else ",)", 0)
        lines += [f"        {line}" for entry in [*offsets, rows, "row = grid_rows[j]"] for line in entry.split("\n")]
        lines += ["        for i in range(nx):"]
        lines += [f"            {line}" for entry in body for line in entry.split("\n")]
        lines += ["        if close:", f"            {closing}"] if closing else []
        return "\n".join(lines)


def _along(name: str, axis: str) -> str:
    """The name along `axis` of a neighbour or bond that is named for x."""
    return name if axis == "x" else name.replace("east", "north").replace("west", "south")


def _pairs(order: int) -> range:
    """Distances of the pairs of neighbours in a central difference."""
    return range(1, order // 2 + 1)


def _number(k: int) -> str:
    return "" if k == 1 else str(k)


def _shift(offset: int) -> str:
    return f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else ""


def _triple(name: str, results: list[str]) -> list[str]:
    return [_wrapped(f"{name} = (", results, ")", 4)]


def _wrapped(start: str, items: list[str], end: str, indent: int, width: int = 110) -> str:
    """`start item, item, … end`, on one line if it fits, otherwise as an indented block."""
    pad = " " * indent
    line = f"{pad}{start}{', '.join(items)}{end}"
    if len(line) <= width:
        return line
    inner = textwrap.fill(", ".join(items) + ",", width, initial_indent=pad + "    ", subsequent_indent=pad + "    ")
    return f"{pad}{start}\n{inner}\n{pad}{end}"
