"""Commands that take data in, and give back what stood before."""
