"""One page with the whole answer: it asks for nothing from anywhere, and can be sent to a colleague."""
