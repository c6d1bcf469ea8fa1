"""What the plan promises, measured."""
