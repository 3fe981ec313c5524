"""Starting the whole installation with one command, and ending it without a trace."""
