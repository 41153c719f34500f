"""The page of aecli explore: codes of a run in the browser, served from this machine."""
