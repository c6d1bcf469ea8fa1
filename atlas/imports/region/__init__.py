"""An atlas of another region, made of what is to be had of it."""
