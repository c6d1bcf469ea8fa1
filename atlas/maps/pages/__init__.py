"""One module a page, and the site."""
