"""Training and measuring the network that tells what callers ask for."""
