"""A scenario turns edges into minutes; searches, ways, matrices."""
