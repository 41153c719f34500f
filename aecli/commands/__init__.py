"""One module a command: `main(cfg)` is what `aecli COMMAND` runs."""
