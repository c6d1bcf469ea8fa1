"""Commands that ask the network."""
