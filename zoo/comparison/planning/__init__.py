"""Which jobs a comparison has, and how long they will take."""
