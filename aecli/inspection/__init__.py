"""What can be known before a training: of its data, of the machine."""
