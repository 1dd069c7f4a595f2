"""Cues: what is asked, promised, misheard, threatened or confessed in the words of a call, on every track."""
