"""What a destination is tested with: a conformance suite, scripted faults, a bad network."""
