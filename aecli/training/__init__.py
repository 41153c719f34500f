"""Training: data to the device, the fit, callbacks, learning-rate schedules."""
