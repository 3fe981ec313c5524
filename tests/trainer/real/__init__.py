"""The engine that really trains, with a stand-in for the process that has torch."""
