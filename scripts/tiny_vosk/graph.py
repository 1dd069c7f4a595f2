"""Lexicon and language model -> the graph folder of a Vosk model (HCLr.fst + Gr.fst, composed while decoding).

Needs kaldifst, and OpenFst's `fstconvert` with its look-ahead plugins (Debian: libfst-tools, libfst22-plugins-base).
"""

import collections
import math
import os
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import kaldifst

from tiny_vosk import ngram, phones
from tiny_vosk.ngram import Network

Arc = tuple[int, int, int, int, float]


def to_fst(network: Network) -> "kaldifst.StdVectorFst":
    """`network` as a mutable OpenFst transducer."""
    fst = kaldifst.StdVectorFst()
    for _ in range(network.states()):
        fst.add_state()
    fst.start = network.start
    for source, target, label_in, label_out, cost in network.arcs:
        fst.add_arc(source, kaldifst.StdArc(label_in, label_out, cost, target))
    for state, cost in network.finals:
        fst.set_final(state, cost)
    return fst


def from_fst(fst: "kaldifst.StdVectorFst") -> Network:
    """The reverse of `to_fst`."""
    network = Network(fst.start, [], [])
    for state in kaldifst.StateIterator(fst):
        for arc in kaldifst.ArcIterator(fst, state):
            network.arcs.append((state, arc.nextstate, arc.ilabel, arc.olabel, arc.weight.value))
        cost = fst.final(state).value
        if math.isfinite(cost):
            network.finals.append((state, cost))
    return network


def lexicon(vocabulary: list[str], ids: dict[str, int], p_silence: float = 0.5) -> tuple[Network, list[int]]:
    """Phones -> words, with silence allowed between words; and the ids of the disambiguation symbols, `#0` first."""
    spoken = [(word, phones.word_phone_ids(said)) for word in vocabulary for said in phones.pronunciations(word)]
    spoken.append(("[unk]", [phones.GARBAGE_ID]))
    homophones = collections.Counter(tuple(said) for _, said in spoken)
    first_symbol = phones.GARBAGE_ID + 1
    used: collections.Counter[tuple[int, ...]] = collections.Counter()
    rows: list[tuple[str, list[int]]] = []
    for word, said in spoken:
        if homophones[tuple(said)] > 1:
            used[tuple(said)] += 1
            said = [*said, first_symbol + used[tuple(said)]]
        rows.append((word, said))
    silence_symbol = first_symbol + max(used.values(), default=0) + 1

    start, loop, silence, after_silence = 0, 1, 2, 3
    cost_silence, cost_none = -math.log(p_silence), -math.log(1 - p_silence)
    arcs: list[Arc] = [
        (start, loop, 0, 0, cost_none),
        (start, silence, 0, 0, cost_silence),
        (silence, after_silence, phones.SILENCE_ID, 0, 0.0),
        (after_silence, loop, silence_symbol, 0, 0.0),
        (loop, loop, first_symbol, ids["#0"], 0.0),
    ]
    fresh = 4
    for word, said in rows:
        state, label = loop, ids[word]
        for phone in said[:-1]:
            arcs.append((state, fresh, phone, label, 0.0))
            state, label, fresh = fresh, 0, fresh + 1
        arcs += [(state, loop, said[-1], label, cost_none), (state, silence, said[-1], label, cost_silence)]
    return Network(start, arcs, [(loop, 0.0)]), list(range(first_symbol, silence_symbol + 1))


def with_transitions(network: Network, symbols: list[int]) -> tuple[Network, list[int]]:
    """Phone labels become forward transition ids with the self-loop after them; also the symbols' new ids.

    A state that different phones enter is split, since a self-loop belongs to one phone.
    """
    renamed = {symbol: phones.TRANSITION_IDS + 1 + k for k, symbol in enumerate(symbols)}
    entering: dict[int, set[int]] = collections.defaultdict(set)
    entering[network.start].add(0)
    for _, target, label, _, _ in network.arcs:
        entering[target].add(0 if label in renamed else label)
    arcs: list[Arc] = []
    for state, labels in entering.items():
        if len(labels) == 1 and (phone := next(iter(labels))):
            arcs.append((state, state, phones.loop_transition(phone), 0, 0.0))
    split: dict[tuple[int, int], int] = {}
    fresh = network.states()
    for source, target, label, word, cost in network.arcs:
        if label == 0 or label in renamed:
            arcs.append((source, target, renamed.get(label, 0), word, cost))
            continue
        entry = target
        if len(entering[target]) > 1:
            if (target, label) not in split:
                split[target, label] = fresh
                arcs += [(fresh, fresh, phones.loop_transition(label), 0, 0.0), (fresh, target, 0, 0, 0.0)]
                fresh += 1
            entry = split[target, label]
        arcs.append((source, entry, phones.forward_transition(label), word, cost))
    return Network(network.start, arcs, network.finals), list(renamed.values())


def _plugin_folder() -> str:
    """Where Debian keeps OpenFst's plugins; `FST_PLUGINS` overrides it."""
    multiarch = sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu"
    return os.environ.get("FST_PLUGINS") or f"/usr/lib/{multiarch}/fst/22"


def _convert(kind: str, source: Path, target: Path, *options: str) -> None:
    environment = dict(os.environ, LD_LIBRARY_PATH=_plugin_folder())
    subprocess.run(["fstconvert", f"--fst_type={kind}", *options, source, target], check=True, env=environment)


def write_graph(folder: Path, vocabulary: list[str], model: ngram.Model) -> None:
    """Write `folder`: HCLr.fst, Gr.fst, words.txt, disambig_tid.int, phones/word_boundary.int.

    Both sides of G and words.txt take the look-ahead relabelling, or run-time grammars would hit the wrong words.
    """
    (folder / "phones").mkdir(parents=True, exist_ok=True)
    ids = {word: k + 1 for k, word in enumerate([*vocabulary, "[unk]", "#0"])}
    spoken, symbols = lexicon(vocabulary, ids)
    determinised = to_fst(spoken)
    kaldifst.arcsort(determinised, "olabel")
    kaldifst.determinize_star(determinised)
    transitions, symbol_ids = with_transitions(from_fst(determinised), symbols)
    hcl = to_fst(transitions)
    kaldifst.connect(hcl)
    kaldifst.arcsort(hcl, "olabel")
    words = ngram.acceptor(model, ids)
    with tempfile.TemporaryDirectory() as scratch:
        plain, pairs = Path(scratch, "plain.fst"), Path(scratch, "pairs")
        hcl.write(str(plain))
        _convert("olabel_lookahead", plain, folder / "HCLr.fst", f"--save_relabel_opairs={pairs}")
        rows = (line.split() for line in pairs.read_text().splitlines())
        new = {int(old): int(fresh) for old, fresh in rows}
        words.arcs = [(s, t, new.get(i, i), new.get(o, o), cost) for s, t, i, o, cost in words.arcs]
        grammar = to_fst(words)
        kaldifst.arcsort(grammar, "ilabel")
        grammar.write(str(plain))
        _convert("const", plain, folder / "Gr.fst")
    table = {"<eps>": 0} | {word: new.get(number, number) for word, number in ids.items()}
    (folder / "words.txt").write_text("".join(f"{word} {number}\n" for word, number in table.items()))
    (folder / "disambig_tid.int").write_text("".join(f"{number}\n" for number in symbol_ids))
    boundary = [f"{phones.SILENCE_ID} nonword"]
    boundary += [f"{phones.positional_id(p, where)} {where}" for p in phones.PHONES for where in phones.POSITIONS]
    boundary.append(f"{phones.GARBAGE_ID} singleton")
    (folder / "phones" / "word_boundary.int").write_text("\n".join(boundary) + "\n")
