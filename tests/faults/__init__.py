"""What Chorus must survive, done to real processes: small in the suite, whole with `make faults`."""
