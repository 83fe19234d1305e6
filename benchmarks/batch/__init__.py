"""Reports of many sessions, measured: ``python -m benchmarks.batch``; results in results.md."""
