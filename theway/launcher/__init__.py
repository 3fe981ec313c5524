"""Starting the whole installation with one command, and stopping all of it."""
