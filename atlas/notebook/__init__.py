"""How values show themselves in a notebook: cards of HTML in which every text is escaped; no script, no request."""
