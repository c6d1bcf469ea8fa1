"""What everything stands on: errors, files, geodesy, values, style."""
