"""Which files make which call, and the name of each call.

In: recordings, halves of pairs, transcripts and folders of these. Out: calls with distinct names, in the order of the paths
(within a folder by file name), what cannot be a call and why, and what was passed over. Reads headers and small JSON files; no audio.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from assistant.audio.recordings import AUDIO_SUFFIXES, PAIR_TRACKS, Recording, Side, pair_stem, read_header
from assistant.errors import AudioFormatError
from assistant.offline.transcripts import TranscriptError, claims_to_be_transcript
from assistant.timebase import Track

TRANSCRIPT_SUFFIX: Final = ".json"
NAMED_IN_A_NOTE: Final = 3
DEEPEST: Final = 4
"""So many folders may be told in a name; beyond that a number tells calls apart."""


@dataclass(frozen=True)
class CallInput:
    """A call to score; its document is `name`.json."""

    name: str
    source: Recording | Path
    """Audio, or the file of a timed transcript."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that it is made of."""
        return self.source.paths if isinstance(self.source, Recording) else (self.source,)


@dataclass
class Found:
    """All that the paths hold."""

    calls: list[CallInput] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Name or path, and why it is no call."""
    notes: list[str] = field(default_factory=list)


def find_calls(paths: Sequence[Path], out: Path, agent_side: Side = "left") -> Found:
    """The calls in `paths`. `out`, where the documents will lie, is not searched, and no input is overwritten."""
    found = Found()
    files = _files(paths, out, found)
    audio = [path for path in files if path.suffix.lower() in AUDIO_SUFFIXES]
    halves = _halves(audio)
    taken: set[Path] = set()
    for path in files:
        if path.suffix.lower() == TRANSCRIPT_SUFFIX:
            found.calls.append(CallInput(path.stem, path))
        elif path not in taken:
            half = pair_stem(path)
            pair = halves[path.parent, half[0]] if half is not None else {}
            taken.update(side for sides in pair.values() for side in sides)
            _take_audio(path, pair, agent_side, found)
    _name(found)
    _keep_inputs(found, files, out)
    return found


def printable(text: str) -> str:
    """A file's name as it may be shown and written: what cannot be printed becomes `_`."""
    return "".join(letter if letter.isprintable() else "_" for letter in text)


def _files(paths: Sequence[Path], out: Path, found: Found) -> list[Path]:
    """Every file that may be a call, each once."""
    seen: set[Path] = set()
    files: list[Path] = []
    for path in paths:
        # Of os.path, for these never raise: a path that cannot be reached is not there.
        if os.path.isdir(path):
            candidates: Iterable[Path] = _in_folder(path, out, found)
        elif not os.path.exists(path):
            found.failed.append((printable(str(path)), "is not there"))
            continue
        elif not os.path.isfile(path) or path.suffix.lower() not in (*AUDIO_SUFFIXES, TRANSCRIPT_SUFFIX):
            kinds = ", ".join((*AUDIO_SUFFIXES, TRANSCRIPT_SUFFIX))
            found.failed.append((printable(str(path)), f"is no recording or timed transcript (these end in {kinds})"))
            continue
        else:
            candidates = (path,)
        for candidate in candidates:
            real = candidate.resolve()
            if real not in seen:
                seen.add(real)
                files.append(candidate)
    return files


def _in_folder(folder: Path, out: Path, found: Found) -> list[Path]:
    """The recordings and transcripts below a folder; hidden files and links to folders are not followed."""
    files: list[Path] = []
    strangers: list[Path] = []
    no_transcripts: list[Path] = []
    avoid = out.resolve()

    def unreadable(broken: OSError) -> None:
        found.failed.append((printable(str(broken.filename)), f"cannot be searched ({broken.strerror})"))

    for root, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and (Path(root) / name).resolve() != avoid)
        for path in (Path(root) / name for name in sorted(names) if not name.startswith(".")):
            suffix = path.suffix.lower()
            if suffix not in (*AUDIO_SUFFIXES, TRANSCRIPT_SUFFIX) or not os.path.isfile(path):
                strangers.append(path)
            elif suffix in AUDIO_SUFFIXES or _may_be_transcript(path):
                files.append(path)
            else:
                no_transcripts.append(path)
    _note_passed_over(folder, strangers, "that are neither recordings nor transcripts", found)
    _note_passed_over(folder, no_transcripts, "in JSON that are no timed transcripts", found)
    return files


def _may_be_transcript(path: Path) -> bool:
    try:
        return claims_to_be_transcript(path)
    except TranscriptError:
        # Nobody can tell, so it counts as one, and fails with its reason when its turn comes.
        return True


def _note_passed_over(folder: Path, files: list[Path], what: str, found: Found) -> None:
    if files:
        names = ", ".join(printable(path.name) for path in files[:NAMED_IN_A_NOTE])
        more = f" and {len(files) - NAMED_IN_A_NOTE} more" if len(files) > NAMED_IN_A_NOTE else ""
        found.notes.append(f"{printable(str(folder))}: passed over files {what}: {names}{more}")


Sides = dict[Track, list[Path]]


def _halves(audio: Iterable[Path]) -> dict[tuple[Path, str], Sides]:
    """The files named for one track, by folder and `X`."""
    halves: dict[tuple[Path, str], Sides] = defaultdict(dict)
    for path in audio:
        half = pair_stem(path)
        if half is not None:
            halves[path.parent, half[0]].setdefault(half[1], []).append(path)
    return halves


def _take_audio(path: Path, pair: Sides, agent_side: Side, found: Found) -> None:
    """The call that `path` is, or the one that it makes with the other files of its `pair`."""
    if len(pair) < 2:
        for alone in next(iter(pair.values()), [path]):
            found.calls.append(CallInput(alone.stem, _alone(alone, agent_side, found)))
        return
    name = pair_stem(path)
    stem = path.stem if name is None else name[0]
    double = next((sides for sides in pair.values() if len(sides) > 1), None)
    if double is not None:
        files = " and ".join(printable(side.name) for side in double)
        found.failed.append((printable(stem), f"has more than one file for a track: {files}"))
        return
    files_by_track = tuple((track, pair[track][0]) for track in PAIR_TRACKS if track in pair)
    found.calls.append(CallInput(stem, Recording(stem, files=files_by_track)))


def _alone(path: Path, agent_side: Side, found: Found) -> Recording:
    """A file that holds a call by itself. A lone half keeps its track: the agent's words must not be judged as a caller's."""
    whole = Recording(path.stem, file=path, agent_side=agent_side)
    half = pair_stem(path)
    if half is None:
        return whole
    try:
        channels = read_header(path).channels
    except AudioFormatError:
        return whole
    if channels != 1:
        return whole
    stem, track = half
    missing = " or ".join(f"{printable(stem)}_{other}.*" for other in PAIR_TRACKS if other != track)
    found.notes.append(f"{printable(path.name)}: one side only, the {track.replace('_', ' ')}'s: there is no {missing} beside it")
    return Recording(path.stem, files=((track, path),))


def _name(found: Found) -> None:
    """Gives calls of the same name distinct ones, with a note each."""
    stems = [printable(call.name) for call in found.calls]
    names = _distinct(stems, [call.paths[0] for call in found.calls])
    for index, (call, stem, name) in enumerate(zip(found.calls, stems, names, strict=True)):
        if name != stem:
            found.notes.append(f"{printable(str(call.paths[0]))}: is named {name}, since there is more than one {stem}")
        source = replace(call.source, name=name) if isinstance(call.source, Recording) else call.source
        found.calls[index] = CallInput(name, source)


def _distinct(stems: list[str], files: list[Path]) -> list[str]:
    """Names without a clash, told apart by the kind of file or the folder where that does, else by a number.

    Case does not tell names apart, for on some file systems it does not tell files apart.
    """
    namings = [(depth, kind) for depth in range(DEEPEST + 1) for kind in (False, True)][1:]
    names = list(stems)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, stem in enumerate(stems):
        groups[stem.casefold()].append(index)
    for group in (group for group in groups.values() if len(group) > 1):
        for depth, kind in namings:
            tried = [_told_apart(stems[index], files[index], depth, kind) for index in group]
            if len({name.casefold() for name in tried}) == len(group):
                for index, name in zip(group, tried, strict=True):
                    names[index] = name
                break
    taken: set[str] = set()
    wanted = Counter(name.casefold() for name in names)
    for index, name in enumerate(names):
        number = 1
        while names[index].casefold() in taken or (number > 1 and names[index].casefold() in wanted):
            number += 1
            names[index] = f"{name}-{number}"
        taken.add(names[index].casefold())
    return names


def _told_apart(stem: str, file: Path, depth: int, kind: bool) -> str:
    """A name that also tells the last `depth` folders and, where wanted, the kind of file."""
    folders = file.resolve().parent.parts[1:][-depth:] if depth else ()
    return "-".join((*map(printable, folders), stem, *((file.suffix[1:].lower(),) if kind else ())))


def _keep_inputs(found: Found, files: list[Path], out: Path) -> None:
    """A document must not take the place of a transcript that was given."""
    given = {path.resolve() for path in files}
    kept = []
    for call in found.calls:
        if (out / f"{call.name}.json").resolve() in given:
            found.failed.append((call.name, "its document would overwrite a transcript that was given: choose another --out"))
        else:
            kept.append(call)
    found.calls = kept
