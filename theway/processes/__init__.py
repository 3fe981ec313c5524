"""Starting, watching and stopping processes: for the launcher, the demo, benches and tests."""
