"""The trainer's child process with torch: `make test-training`."""
