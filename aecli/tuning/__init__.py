"""A search by Optuna: its space, its journal, what it proposes and what a trial reports."""
