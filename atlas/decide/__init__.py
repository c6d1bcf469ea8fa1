"""What to decide: the worth of projects, what a promise needs, what breaks it, who is left behind."""
