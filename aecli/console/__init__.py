"""The terminal: the words typed, Hydra's configs behind them, and what is said of mistakes."""
