"""Published figures: a row says how one is trained and measured, and what was published."""
