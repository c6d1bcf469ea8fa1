"""Questions about so many places that they are answered chunk by chunk, on one machine or on several."""
