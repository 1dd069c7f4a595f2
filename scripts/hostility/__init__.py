"""The training of the judge of words: data, variations, network, export, comparison."""
