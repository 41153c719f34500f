"""Proofs of aecli/metrics, a file for each file there that has some."""
