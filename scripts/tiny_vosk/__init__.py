"""How the tiny Vosk model is made: phones, text, language model, graph, voices, features, network, Kaldi's file format."""
