"""Proofs of aecli/samplers, a file for each file there that has some."""
