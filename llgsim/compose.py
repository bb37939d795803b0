"""From a list of terms and torques to one compiled kernel, by way of readable Python source.

`kernel_source` writes a module in which every cell calls the terms' and torques' own per-cell functions once, with its
neighbours loaded once and all parameters as plain numbers, so that a sweep over parameters never recompiles.
`compose` has it compiled, and found again by later processes (`llgsim.kernel_cache`).

Memory layout: M is (3, ny + 6, nx + 6), x contiguous, with three ghost cells on every side. Ghosts of a periodic axis
repeat the other end; ghosts of an open axis and cells without magnet are zero, which is how a term sees that a
neighbour is missing. Cells whose wide derivative stencil would reach over an edge are listed by
`llgsim.stencils.edge_stencils` and computed again with narrower differences, so that the rows have no branches; cells
without magnet are listed there too, and their rate is set to zero whatever a torque makes of m = 0.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid
from llgsim.integrators import ADVANCE
from llgsim.kernel_cache import load
from llgsim.percell import kernel_function
from llgsim.stencils import GHOSTS, central_weights

NEIGHBOURS = {"east": (0, 1), "west": (0, -1), "north": (1, 0), "south": (-1, 0)}
JIT = "@njit(cache=CACHED, **COMPILE_OPTIONS)"


@dataclass(frozen=True)
class Kernel:
    """A compiled module and the layout of its parameters."""

    module: ModuleType
    source: str
    terms: tuple[Any, ...]
    torques: tuple[Any, ...]

    @property
    def orders(self) -> tuple[int, ...]:
        """The derivative orders that the torques ask for, ascending."""
        return derivative_orders(self.torques)

    def parameters(self, grid: Grid, Ms: float, gamma: float, damping: float, t: float) -> NDArray[np.float64]:
        """The flat parameter vector at time t (s), in the order in which the kernel unpacks it."""
        numbers = [1.0, gamma / Ms, damping, 1 / (1 + damping**2)]
        for order in self.orders:
            numbers += central_weights(order, grid.nx, grid.dx, grid.periodic[0])
            numbers += central_weights(order, grid.ny, grid.dy, grid.periodic[1])
        for part in (*self.terms, *self.torques):
            numbers += part.parameters(grid, Ms, gamma, t)
        return np.array(numbers, dtype=np.float64)


def compose(terms: Sequence[Any], torques: Sequence[Any], grid: Grid, Ms: float, gamma: float) -> Kernel:
    """The kernel for these terms and torques, compiled when it is first called."""
    text = kernel_source(terms, torques, grid, Ms, gamma)
    functions: dict[str, Callable[..., Any]] = {}
    for label, part in [*_labelled(terms), *_labelled(torques)]:
        for name in ("rate",) if hasattr(part, "rate") else ("field", "torque_field", "energy"):
            function = getattr(part, name, None) or part.field  # torque_field is optional
            functions[f"{label}_{name}"] = kernel_function(type(part).__name__, name, function)
    return Kernel(load(text, tuple(functions), tuple(functions.values())), text, tuple(terms), tuple(torques))


def derivative_orders(torques: Sequence[Any]) -> tuple[int, ...]:
    return tuple(sorted({torque.derivative_order for torque in torques} - {0}))


def kernel_source(terms: Sequence[Any], torques: Sequence[Any], grid: Grid, Ms: float, gamma: float) -> str:
    """The text of the kernel module for these terms and torques; it does not depend on the parameters' values.

    `grid`, `Ms` and `gamma` only serve to count the parameters.
    """
    writer = _Writer(terms, torques, grid, Ms, gamma)
    return "\n\n\n".join(
        [
            writer.header(),
            writer.cell(),
            writer.row(),
            writer.rhs(),
            writer.over_cells("field", "h", '"""Ms B (J/m³) of every cell, into h."""', writer.field_of_cell()),
            writer.over_cells(
                "energies",
                "densities",
                '"""Energy density (J/m³) of each term, summed over the magnet, added to densities (terms,)."""',
                writer.energies_of_cell(),
            ),
            ADVANCE.strip().replace("@njit", JIT),
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
        self.orders = derivative_orders(torques)
        self.neighbours = any(term.stencil == "neighbours" for term in terms)
        self.names = ["one", "gamma_by_Ms", "damping", "inverse"]
        for order in self.orders:
            self.names += [f"w{order}{axis}{k}" for axis in "xy" for k in range(1, order // 2 + 1)]
        self.own: dict[str, list[str]] = {}
        for label, part in self.terms + self.torques:
            count = len(part.parameters(grid, Ms, gamma, 0.0))
            self.own[label] = [f"{label}_p{k}" for k in range(count)]
            self.names += self.own[label]
        around = list(NEIGHBOURS) if self.neighbours else []
        self.local = ", ".join(["m", *around])
        self.inputs = ", ".join(["m", *around, *(f"d{order}{axis}" for order in self.orders for axis in "xy")])

    def header(self) -> str:
        parts = [
            f"{label}: {type(part).__module__}.{type(part).__qualname__} {getattr(part, 'key', '')}".rstrip()
            for label, part in self.terms + self.torques
        ]
        lines = [
            '"""Kernel composed from the per-cell functions of',
            "",
            *parts,
            '"""',
            "",
            "from numba import njit",
            "",
        ]
        lines += ["from llgsim import integrators", "from llgsim.percell import COMPILE_OPTIONS, cross", ""]
        return "\n".join(
            [*lines, "# <part>_field, <part>_rate, … of the parts above and CACHED are supplied on loading"]
        )

    # -- one cell

    def cell(self) -> str:
        lines = [f"def cell({self.inputs}, parameters):"]
        lines += ['    """∂t m of one cell (1/s): R = −γ m×B + torques, then the implicit ∂t m in closed form."""']
        lines += [self._unpack("parameters", 4), *self._field_sum("torque_field", 4)]
        lines += ["    b = cross((hx, hy, hz), m)"]
        lines += [f"    r{axis} = gamma_by_Ms * b[{c}]" for c, axis in enumerate("xyz")]
        for index, (label, torque) in enumerate(self.torques):
            order = torque.derivative_order
            gradient = [f"d{order}x", f"d{order}y"] if order else ["m", "m"]
            lines += [self._assign(f"t{index}", f"{label}_rate", ["m", *gradient, *self.own[label]], 4)]
            lines += [f"    r{axis} = r{axis} + t{index}[{c}]" for c, axis in enumerate("xyz")]
        renormalising = [f"t{index}" for index, (_, torque) in enumerate(self.torques) if torque.renormalises]
        if renormalising:
            lines += [f"    s = one - {' - '.join(f'{t}[3]' for t in renormalising)}  # 1 − ξ0"]
            lines += [f"    in_plane = damping + {' + '.join(f'{t}[4]' for t in renormalising)}  # α0 + ξ∥"]
            lines += [f"    normal = damping + {' + '.join(f'{t}[5]' for t in renormalising)}  # α0 + ξ⊥"]
            lines += ["    turned = cross(m, (in_plane * rx, in_plane * ry, normal * rz))", "    C = m[2] * m[2]"]
            lines += ["    scale = one / (s * s + in_plane * (in_plane * C + normal * (one - C)))"]
            results = [f"scale * (s * r{axis} + turned[{c}])" for c, axis in enumerate("xyz")]
        else:
            lines += ["    turned = cross(m, (rx, ry, rz))"]
            results = [f"inverse * (r{axis} + damping * turned[{c}])" for c, axis in enumerate("xyz")]
        lines += ["    return (", *(f"        {result}," for result in results), "    )"]
        return "\n".join([JIT.replace("(", "(forceinline=True, ", 1), *lines])

    def field_of_cell(self) -> list[str]:
        return [*self._field_sum("field", 12), "            h[0, j, i], h[1, j, i], h[2, j, i] = hx, hy, hz"]

    def energies_of_cell(self) -> list[str]:
        lines = ["            if m[0] == 0 and m[1] == 0 and m[2] == 0:", "                continue"]
        for index, (label, term) in enumerate(self.terms):
            lines += [self._assign("w", f"{label}_energy", self._arguments(label, term), 12)]
            lines += [f"            densities[{index}] += w"]
        return lines

    def _arguments(self, label: str, term: Any) -> list[str]:
        return ["m", *(NEIGHBOURS if term.stencil == "neighbours" else []), *self.own[label]]

    def _field_sum(self, function: str, indent: int) -> list[str]:
        pad = " " * indent
        lines = [
            self._assign(f"h{index}", f"{label}_{function}", self._arguments(label, term), indent)
            for index, (label, term) in enumerate(self.terms)
        ]
        for c, axis in enumerate("xyz"):
            total = " + ".join(f"h{index}[{c}]" for index in range(len(self.terms))) or "m[0] - m[0]"
            lines += [f"{pad}h{axis} = {total}"]
        return lines

    # -- rows and the whole grid

    def row(self) -> str:
        reach = max([order // 2 for order in self.orders] + [int(self.neighbours)])
        self.rows = {dj: [_row_name(dj, axis) for axis in "xyz"] for dj in range(-reach, reach + 1)}
        arrays = [name for row in self.rows.values() for name in row]
        lines = [JIT, _wrapped("def row(", ["kx", "ky", "kz", *arrays, "parameters"], "):", 0)]
        lines += ['    """∂t m of one row, from the rows around it (s: south, c: its own, n: north)."""']
        lines += [self._unpack("parameters", 4), f"    for i in range(kx.shape[0] - {2 * GHOSTS}):"]
        spelled = {
            dj: lambda di, dj=dj: ", ".join(f"{name}[i + {GHOSTS + di}]" for name in self.rows[dj]) for dj in self.rows
        }
        lines += [f"        m = ({spelled[0](0)})"]
        if self.neighbours:
            lines += [f"        {name} = ({spelled[dj](di)})" for name, (dj, di) in NEIGHBOURS.items()]
        for order in self.orders:
            for axis in "xy":
                lines += [f"        d{order}{axis} = ("]
                for c in range(3):
                    lines += [f"            {self._difference(order, axis, c)},"]
                lines += ["        )"]
        return "\n".join(
            [*lines, f"        kx[i + {GHOSTS}], ky[i + {GHOSTS}], kz[i + {GHOSTS}] = cell({self.inputs}, parameters)"]
        )

    def _difference(self, order: int, axis: str, c: int) -> str:
        total = []
        for k in range(1, order // 2 + 1):
            if axis == "x":
                plus, minus = f"{self.rows[0][c]}[i + {GHOSTS + k}]", f"{self.rows[0][c]}[i + {GHOSTS - k}]"
            else:
                plus, minus = f"{self.rows[k][c]}[i + {GHOSTS}]", f"{self.rows[-k][c]}[i + {GHOSTS}]"
            total += [f"w{order}{axis}{k} * ({plus} - {minus})"]
        return " + ".join(total)

    def rhs(self) -> str:
        lines = [JIT, "def rhs(M, k, p, cells, indices, weights):"]
        lines += [
            '    """∂t m of every cell: rows first, then the cells near edges again with narrower derivatives."""'
        ]
        lines += [self._read_parameters(), f"    for j in range(M.shape[1] - {2 * GHOSTS}):"]
        # whole rows: the compiler knows that they are contiguous, which it does not know of a slice of one
        outputs = [f"k[{c}, j + {GHOSTS}]" for c in range(3)]
        rows = [f"M[{c}, j + {GHOSTS + dj}]" for dj in self.rows for c in range(3)]
        lines += [_wrapped("row(", [*outputs, *rows, "parameters"], ")", 8)]
        if self.torques:
            lines += ["    for index in range(cells.shape[0]):"]
            lines += [f"        j, i = cells[index, 0] + {GHOSTS}, cells[index, 1] + {GHOSTS}"]
            lines += ["        if M[0, j, i] == 0 and M[1, j, i] == 0 and M[2, j, i] == 0:  # no magnet"]
            lines += ["            k[0, j, i] = k[1, j, i] = k[2, j, i] = 0", "            continue"]
        if self.orders:
            lines += self._load_cell(8, 0)
            for number, order in enumerate(self.orders):
                for axis, name, fixed in ((0, "x", "j"), (1, "y", "i")):
                    where = f"indices[{number}, index, {axis}], weights[{number}, index, {axis}]"
                    lines += [f"        d{order}{name} = integrators.stencil_along_{name}(M, {fixed}, {where})"]
            lines += [f"        k[0, j, i], k[1, j, i], k[2, j, i] = cell({self.inputs}, parameters)"]
        return "\n".join(lines)

    def over_cells(self, name: str, output: str, docstring: str, body: list[str]) -> str:
        """A function that loops over all cells, unoptimised: it runs once per frame or iteration."""
        lines = [JIT, f"def {name}(M, {output}, p):", f"    {docstring}", self._read_parameters()]
        lines += [self._unpack("parameters", 4), f"    for j in range(M.shape[1] - {2 * GHOSTS}):"]
        lines += [f"        for i in range(M.shape[2] - {2 * GHOSTS}):", *self._load_cell(12, GHOSTS), *body]
        return "\n".join(lines)

    def _load_cell(self, indent: int, shift: int) -> list[str]:
        def triple(dj: int, di: int) -> str:
            j, i = (f"{index} + {shift + d}" if shift + d else index for index, d in (("j", dj), ("i", di)))
            return ", ".join(f"M[{c}, {j}, {i}]".replace("+ -", "- ") for c in range(3))

        pad = " " * indent
        lines = [f"{pad}m = ({triple(0, 0)})"]
        if self.neighbours:
            lines += [f"{pad}{name} = ({triple(dj, di)})" for name, (dj, di) in NEIGHBOURS.items()]
        return lines

    # -- text

    def _read_parameters(self) -> str:
        return _wrapped("parameters = (", [f"p[{index}]" for index in range(len(self.names))], ")", 4)

    def _unpack(self, source: str, indent: int) -> str:
        return _wrapped("(", self.names, f") = {source}", indent)

    @staticmethod
    def _assign(target: str, function: str, arguments: list[str], indent: int) -> str:
        return _wrapped(f"{target} = {function}(", arguments, ")", indent)


def _row_name(dj: int, axis: str) -> str:
    return f"c{axis}" if dj == 0 else f"{'n' if dj > 0 else 's'}{abs(dj)}{axis}"


def _wrapped(start: str, items: list[str], end: str, indent: int, width: int = 110) -> str:
    """`start item, item, … end`, on one line if it fits, otherwise as an indented block."""
    pad = " " * indent
    line = f"{pad}{start}{', '.join(items)}{end}"
    if len(line) <= width:
        return line
    inner = textwrap.fill(", ".join(items) + ",", width, initial_indent=pad + "    ", subsequent_indent=pad + "    ")
    return f"{pad}{start}\n{inner}\n{pad}{end}"
