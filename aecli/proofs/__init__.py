"""Proofs: each objective beside figures that are known without our code, a file a subject."""
