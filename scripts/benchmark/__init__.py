"""What `make bench` measures: each module one part of it, all on the product itself. docs/benchmarks.md says how."""
