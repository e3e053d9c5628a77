"""torch functions for what torch has no single function for; only recording imports them."""
