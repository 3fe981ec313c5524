"""The whole journey in a throw-away installation, over HTTP, as a browser would make it."""
