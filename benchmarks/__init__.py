"""Measurements of Sparring: `python -m benchmarks NAME` prints one table and keeps its figures."""
