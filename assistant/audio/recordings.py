"""Recordings: the files of a call, and their audio at a rate that it is worked on at, block by block.

In: WAV, FLAC, OGG or MP3 files, two channels, or pairs `X_agent.*` and `X_caller.*` (and `X_third_party.*`), or mono. Out: (n, tracks)
int16 at 8000 or 16000 Hz. A file's rate below 16 kHz becomes 8 kHz, any other 16 kHz. Memory: some blocks of `BLOCK_S`, however
long the call is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from assistant.audio.resample import Resampler, call_rate_hz
from assistant.errors import AudioFormatError, ConfigError
from assistant.timebase import Track

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
Side = Literal["left", "right"]
SIDES: dict[str, Side] = {"left": "left", "right": "right"}
PAIR_TRACKS: tuple[Track, ...] = ("agent", "caller", "third_party")

BLOCK_S: Final = 10
TORN_S: Final = 0.5
"""A file that ends so much earlier than its header says was cut short; less than that is a codec's padding."""
UNEVEN_S: Final = 1.0
"""Files of one call whose lengths differ by more than this are told of."""

_UNKNOWN_FRAMES: Final = 2**62
_UNKNOWN_BYTES: Final = 0x7FFF0000
"""What recorders that cannot go back to the header write for a length: this or more."""
_OGG_PAGE_BYTES: Final = 65307
"""The largest page of RFC 3533; flag 4 in its sixth byte marks the last one of a stream."""
_INTEGER_CODINGS: Final = ("PCM", "ULAW", "ALAW", "GSM", "IMA", "MS_ADPCM", "G72")

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Recording:
    """A call's audio as it lies on disk: one file, or one for each track."""

    name: str
    files: tuple[tuple[Track, Path], ...] = ()
    """One mono file a track; empty where `file` holds all."""
    file: Path | None = None
    agent_side: Side = "left"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return (self.file,) if self.file is not None else tuple(path for _, path in self.files)


@dataclass(frozen=True)
class CallAudio:
    """(n, tracks) int16 at `rate_hz`, with what must be said about it."""

    tracks: tuple[Track, ...]
    rate_hz: int
    samples: Samples
    notices: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz

    def chunks(self, chunk_s: float) -> Iterator[Samples]:
        """The audio in pieces of `chunk_s` seconds."""
        step = max(1, round(chunk_s * self.rate_hz))
        for begin in range(0, len(self.samples), step):
            yield self.samples[begin : begin + step]


@dataclass(frozen=True)
class AudioHeader:
    """What a file says of itself."""

    path: Path
    rate_hz: int
    channels: int
    frames: int
    is_integer: bool
    notices: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


@dataclass(frozen=True)
class OpenedAudio:
    """A recording whose headers were read, and whose audio is still on disk."""

    tracks: tuple[Track, ...]
    rate_hz: int
    headers: tuple[AudioHeader, ...]
    order: tuple[int, ...] = (0,)
    """The channels of a single file that become the tracks."""
    notices: tuple[str, ...] = ()

    def blocks(self) -> Iterator[Samples]:
        """The audio from its beginning, (n, tracks) int16 at `rate_hz` for any n. Raises `AudioFormatError` that names the file."""
        if len(self.headers) > 1:
            yield from _joined(self.headers, self.rate_hz)
            return
        for block in _blocks(self.headers[0]):
            yield block[:, self.order]


def pair_stem(path: Path) -> tuple[str, Track] | None:
    """`X` and the track of a file named `X_agent`, `X_caller` or `X_third_party`, else None."""
    for track in PAIR_TRACKS:
        if path.stem.endswith(f"_{track}") and len(path.stem) > len(track) + 1:
            return path.stem.removesuffix(f"_{track}"), track
    return None


def recording_of(path: Path, agent_channel: str = "left") -> Recording:
    """The call of one recording: `agent_channel` is `left`, `right`, or the file of the agent's side, `path` then being the caller's.

    Raises `ConfigError` where that is none of these.
    """
    if agent_channel in SIDES:
        return Recording(path.stem, file=path, agent_side=SIDES[agent_channel])
    if not Path(agent_channel).is_file():
        raise ConfigError(f"--agent-channel is left, right or a file, and {agent_channel} is none of these")
    return Recording(path.stem, files=(("agent", Path(agent_channel)), ("caller", path)))


def open_recording(recording: Recording) -> OpenedAudio:
    """The tracks, rate and length of a call's audio. Raises `AudioFormatError` that names the file."""
    if recording.file is not None:
        return _open_one(read_header(recording.file), recording.agent_side)
    headers = tuple(read_header(path) for _, path in recording.files)
    for header in headers:
        if header.channels != 1:
            raise AudioFormatError(f"{header.path}: has {header.channels} channels; a file for one track has one")
    lengths = [header.duration_s for header in headers]
    notices = tuple(notice for header in headers for notice in header.notices)
    if max(lengths) - min(lengths) > UNEVEN_S:
        told = ", ".join(f"{track} {length:.1f} s" for (track, _), length in zip(recording.files, lengths, strict=True))
        notices += (f"The files of this call are not of one length ({told}): the shorter count as silent from their end on.",)
    rate_hz = max(call_rate_hz(header.rate_hz) for header in headers)
    return OpenedAudio(tuple(track for track, _ in recording.files), rate_hz, headers, notices=notices)


def read_recording(recording: Recording) -> CallAudio:
    """The whole audio of a call at once. Raises `AudioFormatError` that names the file."""
    audio = open_recording(recording)
    return CallAudio(audio.tracks, audio.rate_hz, np.concatenate(list(audio.blocks())), audio.notices)


def read_header(path: Path) -> AudioHeader:
    """What a file says of itself. Raises `AudioFormatError` where it cannot be read, is cut short or holds no audio."""
    try:
        with soundfile.SoundFile(path) as file:
            frames, rate, log = int(file.frames), int(file.samplerate), str(file.extra_info)
            is_integer = str(file.subtype).startswith(_INTEGER_CODINGS)
            notices = _notices_of_ogg(path) if file.format == "OGG" else ()
            header = AudioHeader(path, rate, int(file.channels), frames, is_integer, notices)
    except (soundfile.LibsndfileError, OSError, UnicodeError) as broken:
        raise _unreadable(path, broken) from broken
    if frames <= 0:
        raise AudioFormatError(f"{path}: holds no audio")
    if frames >= _UNKNOWN_FRAMES:
        raise AudioFormatError(f"{path}: does not say how long it is; write it once more with a tool that does")
    try:
        call_rate_hz(rate)
    except AudioFormatError as strange:
        raise AudioFormatError(f"{path}: {strange}") from strange
    # libsndfile mends a WAV header that promises more than there is, and only its log tells of it.
    mended = re.search(r"^data\s*: (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if mended is not None:
        promised, there = int(mended[1]), int(mended[2])
        if 0 < there < promised < _UNKNOWN_BYTES:
            _must_be_whole(path, header.duration_s, header.duration_s * promised / there)
    return header


def _notices_of_ogg(path: Path) -> tuple[str, ...]:
    """Ogg promises no length: that the mark of the end is missing is all that tells of a file that was cut short."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _OGG_PAGE_BYTES))
        page = file.read().rpartition(b"OggS")[2]
    ended = len(page) > 1 and page[1] & 4
    return () if ended else (f"{path.name} has no mark of its end: it may have been cut short.",)


def _open_one(header: AudioHeader, agent_side: Side) -> OpenedAudio:
    rate_hz = call_rate_hz(header.rate_hz)
    if header.channels == 1:
        return OpenedAudio(("mixed",), rate_hz, (header,), notices=header.notices)
    if header.channels != 2:
        raise AudioFormatError(f"{header.path}: has {header.channels} channels; a call has one or two")
    if _is_doubled_mono(header):
        notice = "Both channels hold the same sound: taken as one channel."
        return OpenedAudio(("mixed",), rate_hz, (header,), notices=(*header.notices, notice))
    order = (0, 1) if agent_side == "left" else (1, 0)
    return OpenedAudio(("agent", "caller"), rate_hz, (header,), order, header.notices)


def _is_doubled_mono(header: AudioHeader) -> bool:
    """Whether two channels are one and the same, and not silent; two real channels differ within the first block."""
    sounds = False
    for block in _decoded(header):
        if not np.array_equal(block[:, 0], block[:, 1]):
            return False
        sounds = sounds or bool(block.any())
    return sounds


def _joined(headers: tuple[AudioHeader, ...], rate_hz: int) -> Iterator[Samples]:
    """One mono file a track, side by side; the end of a shorter one is silence."""
    readers = [_raised(_blocks(header), call_rate_hz(header.rate_hz), rate_hz) for header in headers]
    waiting = [np.empty(0, np.int16) for _ in readers]
    going_on = set(range(len(readers)))
    step = BLOCK_S * rate_hz
    while going_on or any(len(samples) for samples in waiting):
        for index in sorted(going_on):
            while len(waiting[index]) < step:
                block = next(readers[index], None)
                if block is None:
                    going_on.discard(index)
                    break
                waiting[index] = np.concatenate((waiting[index], block[:, 0]))
        joined = np.zeros((min(step, max(len(samples) for samples in waiting)), len(readers)), np.int16)
        for index, samples in enumerate(waiting):
            head = samples[: len(joined)]
            joined[: len(head), index] = head
            waiting[index] = samples[len(joined) :]
        if len(joined):
            yield joined


def _blocks(header: AudioHeader) -> Iterator[Samples]:
    """(n, channels) at the rate of the call."""
    resampler = Resampler(header.rate_hz, header.channels)
    for block in _decoded(header):
        yield resampler.feed(block)
    yield resampler.finish()


def _raised(blocks: Iterator[Samples], rate_hz: int, target_hz: int) -> Iterator[Samples]:
    """A narrowband file of a pair whose other file is wideband, (n, 1) at the rate of the other."""
    if rate_hz == target_hz:
        yield from blocks
        return
    # float32: with int16 soxr dithers, and no two runs are the same.
    stream = soxr.ResampleStream(rate_hz, target_hz, 1, dtype="float32")
    for block in blocks:
        yield _rounded(stream.resample_chunk(block[:, 0].astype(np.float32)))[:, np.newaxis]
    yield _rounded(stream.resample_chunk(np.empty(0, np.float32), last=True))[:, np.newaxis]


def _decoded(header: AudioHeader) -> Iterator[Samples]:
    """(n, channels) int16 at the file's own rate, in blocks of `BLOCK_S`."""
    read = 0
    try:
        with soundfile.SoundFile(header.path) as file:
            # libsndfile does not scale floating-point samples to int16, and lets lossy codings overflow.
            dtype = "int16" if header.is_integer else "float32"
            while len(block := file.read(BLOCK_S * header.rate_hz, dtype=dtype, always_2d=True)):
                read += len(block)
                yield block if header.is_integer else _rounded(np.nan_to_num(block) * 32768.0)
    except (soundfile.LibsndfileError, OSError, UnicodeError) as broken:
        raise _unreadable(header.path, broken) from broken
    _must_be_whole(header.path, read / header.rate_hz, header.duration_s)


def _rounded(samples: npt.NDArray[np.float32]) -> Samples:
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def _must_be_whole(path: Path, there_s: float, promised_s: float) -> None:
    if promised_s - there_s > TORN_S:
        raise AudioFormatError(f"{path}: is cut short: {there_s:.1f} s of the {promised_s:.1f} s that its header promises")


def _unreadable(path: Path, broken: Exception) -> AudioFormatError:
    why = getattr(broken, "error_string", "") or getattr(broken, "strerror", "") or str(broken)
    if not path.exists():
        why = "no such file"
    elif "not a regular file" in why:
        # What libsndfile says of a regular file that is no MP3.
        why = "Format not recognised"
    return AudioFormatError(f"{path}: cannot be read as audio ({why.rstrip('.')})")
