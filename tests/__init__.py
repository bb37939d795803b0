"""A package, so that the repository root is importable and no folder of tests hides a package of the same name."""
