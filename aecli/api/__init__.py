"""What a Python session calls: aecli.train, aecli.load and the Run that they return."""
