"""What is kept from one run to the next: arrays in files that can hold nothing but numbers and texts."""
