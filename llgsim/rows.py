"""Reading and writing the rows of a state inside a compiled loop, with the promise that they do not overlap.

A state is a flat array in which a row of cells is three runs of numbers, m_x, m_y and m_z (`llgsim.layout`). A loop
that reads some rows and writes others can only be vectorised if the compiler knows that they are different memory.
It cannot see that: a check at run time compares whole ranges, costs as much as tens of cells, and when it is moved out
of the loop over rows it always fails and the slow loop runs. These functions carry the promise with each access, as
scopes of LLVM's alias analysis: what is read of the source, what is updated in place of the state, and what is read
and written of the output, each component for itself, are disjoint.

Nothing checks the promise. It holds because a stage never writes the rows that it reads neighbours from
(`llgsim.integrators`), and the tests compare kernels bit by bit with ones that are compiled from plain indexing, both
without the licence to reorder arithmetic (fastmath).
"""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic, register_jitable

from llgsim.kernel_cache import kept
from llgsim.percell import COMPILE_OPTIONS

SCOPES = ("source", *(f"{kind} {axis}" for kind in ("state", "output") for axis in "xyz"))


def _promise(module: Any, access: Any, scope: str) -> None:
    """Mark a load or store as of this scope and no other."""
    domain = module.add_metadata(["llgsim rows"])
    scopes = {name: module.add_metadata([f"llgsim {name}", domain]) for name in SCOPES}
    access.set_metadata("alias.scope", module.add_metadata([scopes[scope]]))
    access.set_metadata("noalias", module.add_metadata([scopes[name] for name in SCOPES if name != scope]))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index], inbounds=True)


def _loader(scope: str) -> Any:
    @intrinsic
    def load(typing_context, array, index):  # type: ignore[no-untyped-def]
        """array[index] of a flat array, without a check of bounds."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            access = builder.load(_pointer(context, builder, signature.args[0], *arguments))
            _promise(builder.module, access, scope)
            return access

        return array.dtype(array, types.intp), generate

    return load


def _storer(scope: str) -> Any:
    @intrinsic
    def store(typing_context, array, index, value):  # type: ignore[no-untyped-def]
        """array[index] = value of a flat array, without a check of bounds."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            access = builder.store(arguments[2], _pointer(context, builder, signature.args[0], *arguments[:2]))
            _promise(builder.module, access, scope)
            return context.get_dummy_value()

        return types.void(array, types.intp, array.dtype), generate

    return store


load = _loader("source")
load_state_x, load_state_y, load_state_z = (_loader(f"state {axis}") for axis in "xyz")
store_state_x, store_state_y, store_state_z = (_storer(f"state {axis}") for axis in "xyz")
load_output_x, load_output_y, load_output_z = (_loader(f"output {axis}") for axis in "xyz")
store_output_x, store_output_y, store_output_z = (_storer(f"output {axis}") for axis in "xyz")


@intrinsic
def stand_alone(typing_context):  # type: ignore[no-untyped-def]
    """Never inline the function that calls this: its callers, serial or parallel, then all run the same code."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


@register_jitable
def copy_row(state, target, source, length):  # type: ignore[no-untyped-def]
    """Copy `length` numbers from one row of a flat state to another."""
    for q in range(length):
        state[target + q] = state[source + q]


@register_jitable
def close_row(state, first, nx, stride, reach):  # type: ignore[no-untyped-def]
    """Copy the ends of a periodic row into the `reach` ghost cells beyond the other end; `first` is its first cell."""
    for c in range(3):
        begin = first + c * stride
        left, right = nx - 1, 0
        for g in range(reach):
            state[begin - 1 - g] = state[begin + left]
            state[begin + nx + g] = state[begin + right]
            left = nx - 1 if left == 0 else left - 1
            right = 0 if right == nx - 1 else right + 1


@kept
@njit(**COMPILE_OPTIONS)
def close_rows(state, first_cells, nx, stride, reach):  # type: ignore[no-untyped-def]
    """`close_row` for every row that begins at one of `first_cells`."""
    for first in first_cells:
        close_row(state, first, nx, stride, reach)
