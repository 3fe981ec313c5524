"""What the emulators of hosted services share: time, storage, simulated work, signed calls."""
