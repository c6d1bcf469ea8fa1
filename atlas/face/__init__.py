"""The values a user holds, with every verb that belongs to them."""
