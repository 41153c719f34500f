"""Trainings as processes of their own: one by one, several at once, or on a cluster."""
