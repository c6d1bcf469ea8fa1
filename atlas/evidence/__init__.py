"""How far minutes can be trusted: calibration, accuracy, draws, explanation."""
