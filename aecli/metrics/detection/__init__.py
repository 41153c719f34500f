"""Anomalies: scores, thresholds, labels, and what is said of them."""
