"""Calmline: real-time call sentiment and de-escalation, on your own machines."""

__version__ = "0.1.0"
