"""Generated images, kept for a day so that a lost answer can be found."""
