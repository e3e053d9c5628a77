"""A golden-file conformance harness for neural-network operators; see README.md."""
