"""Bends of railways and roads read off given courses: what scripts/trace_courses.py is made of."""
