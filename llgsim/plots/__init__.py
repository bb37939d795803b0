"""Drawing: functions that take arrays and results and return a matplotlib Figure, which the caller saves.

    fields        magnetisation maps, in-plane angle maps, profiles of lines
    trajectories  where a texture went, and its velocity against time
    comparison    measured velocity against drift velocity, with the deviation from the prediction
    scene3d       one three-dimensional picture, rendered by pyvista in a process of its own

matplotlib and pyvista are imported when something is drawn, never before, and no global matplotlib state changes.
"""
