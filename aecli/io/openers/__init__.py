"""How each format is run without aecli: a user gets these lines as load.py."""
