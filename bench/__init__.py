"""The benchmarks: `python -m bench DATA_DIR` measures everything on one machine and writes `docs/benchmarks.md`."""
