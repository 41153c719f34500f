"""Proofs of aecli/divergences.py, a file for each kind of density."""
