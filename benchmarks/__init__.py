"""How fast llgsim is, measured by one command, `python -m benchmarks`. See README.md beside this file."""
