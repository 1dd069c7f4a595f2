"""The judge of words: is it abuse of a person, anger at a situation, or ordinary talk?

In: utterances as a recogniser prints them. Out: `Judgement`, about 2.5 ms later. Importing this is cheap: the runtimes
are imported when a classifier is loaded.
"""

from assistant.signals.hostility.labels import LABELS, TARGETS, Classifier, Judgement, Text
from assistant.signals.hostility.load import bundled_folder, load_classifier
from assistant.signals.hostility.normalise import normalise
from assistant.signals.hostility.stream import classify_stream

__all__ = [
    "LABELS",
    "TARGETS",
    "Classifier",
    "Judgement",
    "Text",
    "bundled_folder",
    "classify_stream",
    "load_classifier",
    "normalise",
]
