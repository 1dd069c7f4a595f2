"""What this machine has, what it lacks, and how fast it is here.

Enters: the settings. Leaves: a `Check` for each thing that a user may have to mend. Runs for about four seconds, most of it the models and
half a minute of the demo call. Network: only the port that the server would use, on this machine.
"""

import importlib.metadata
import platform
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

import msgspec

from assistant.audio.devices import Device, default_loopback, default_microphone, list_devices
from assistant.config import Config
from assistant.errors import AssistantError, ConfigError
from assistant.timebase import Track
from assistant.weights import bundled_dir, user_dir

OLDEST_PYTHON: Final = (3, 11)
NEEDED: Final = ("vosk", "onnxruntime", "tokenizers", "numpy", "soxr", "soundfile", "sounddevice", "fastapi", "uvicorn", "websockets")
EXTRAS: Final = (
    ("torch", "runs any transformers checkpoint as the classifier", "torch"),
    ("transformers", "runs any transformers checkpoint as the classifier", "torch"),
    ("pocketsphinx", "a recogniser that needs no download", "pocketsphinx"),
)
SPEED_S: Final = 30.0
CHUNK_S: Final = 0.1
TEXTS: Final = (
    "hello, my internet has been down since monday",
    "this is the third time that i call about the same bill",
    "i want to speak to your manager",
    "you are all useless and i will not calm down",
)
ROUNDS: Final = 5
HEARD_DB: Final = -75.0
FREE_MB: Final = 500.0
"""Less memory than this free is too little for the models of a server and a few calls."""
WEB_WAIT_S: Final = 2.0


@dataclass(frozen=True)
class Check:
    """One finding."""

    name: str
    ok: bool | None
    """None: optional, and absent or not known."""
    what: str
    """What was found."""
    mend: str | None = None
    """What to do where it is not ok, or to get what is absent."""


def run_doctor(config: Config, *, hear_s: float = 0.0, on_check: Callable[[Check], None] | None = None) -> list[Check]:
    """All checks in order; `on_check` is told each as it comes.

    `hear_s`: seconds to listen to the default microphone and loopback for their levels; 0 opens no device. Never raises for what it finds.
    """
    checks: list[Check] = []
    for check in _checks(config, hear_s):
        checks.append(check)
        if on_check is not None:
            on_check(check)
    return checks


def _checks(config: Config, hear_s: float) -> Iterator[Check]:
    yield _python()
    yield from _packages()
    yield _installed_models()
    yield _policy(config)
    parts = _Parts()
    yield parts.load_voice()
    yield parts.load_recogniser(config)
    yield parts.load_classifier(config)
    yield parts.classifier_speed()
    yield parts.speed(config)
    yield from _sound(hear_s)
    yield _port(config)
    yield _memory()


def _python() -> Check:
    ok = sys.version_info >= OLDEST_PYTHON
    wanted = ".".join(map(str, OLDEST_PYTHON))
    what = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("python", ok, what, None if ok else f"install Python {wanted} or newer")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _packages() -> Iterator[Check]:
    versions = {package: _version(package) for package in NEEDED}
    missing = [package for package, version in versions.items() if version is None]
    what = ", ".join(f"{package} {version or 'missing'}" for package, version in versions.items())
    yield Check("packages", not missing, what, f"`pip install {' '.join(missing)}`" if missing else None)
    for package, purpose, extra in EXTRAS:
        version = _version(package)
        found = f"{version}: {purpose}" if version is not None else f"not installed: {purpose}"
        yield Check(package, None if version is None else True, found, None if version else f"`pip install 'calmline[{extra}]'`")


def _installed_models() -> Check:
    places = [("bundled", bundled_dir()), ("downloaded", user_dir())]
    found = [f"{kind} {folder.name}" for kind, place in places if place.is_dir() for folder in _folders(place)]
    if not found:
        return Check("models", False, f"none in {places[0][1]} nor {places[1][1]}", "install Calmline again, which brings its models")
    return Check("models", True, ", ".join(found))


def _folders(place: Path) -> list[Path]:
    return sorted(folder for folder in place.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def _policy(config: Config) -> Check:
    try:
        version = config.call_settings().policy.version
    except AssistantError as broken:
        return Check("policy", False, str(broken), "mend the policy file, or leave `policy` out of the settings")
    return Check("policy", True, f"{version}, {config.policy or 'bundled'}")


class _Parts:
    """The models as they are loaded, and what each of them can be asked once it is there."""

    def __init__(self) -> None:
        self._voice: Any = None
        self._recogniser: Any = None
        self._words: Any = None
        self._engine = ""

    def load_voice(self) -> Check:
        def load() -> str:
            from assistant.speech.silero import VoiceActivity

            self._voice = VoiceActivity.load()
            return "Silero"

        return _timed("voice activity", load)

    def load_recogniser(self, config: Config) -> Check:
        def load() -> str:
            from assistant.speech.asr import load_recogniser

            self._engine = config.models.engine
            self._recogniser = load_recogniser(config.models.engine, config.models.recogniser)
            limits = str(self._recogniser.limits)
            return f"{self._recogniser.name}{f' ({limits})' if limits else ''}"

        return _timed("recogniser", load)

    def load_classifier(self, config: Config) -> Check:
        def load() -> str:
            from assistant.engine import load_words

            self._words = load_words(config.models)
            return str(self._words.classifier.name)

        return _timed("classifier", load)

    def classifier_speed(self) -> Check:
        """Milliseconds of wall time a text: the median over a few ordinary ones, each judged alone as in a call."""
        name = "classifier speed"
        if self._words is None:
            return Check(name, False, "not measured, the classifier did not load")
        from assistant.signals.hostility import Text

        took_ms: list[float] = []
        for text in [TEXTS[0], *TEXTS * ROUNDS]:
            began = time.perf_counter()
            try:
                self._words.classifier.judge([Text(text)])
            except AssistantError as failed:
                return Check(name, False, str(failed), "put back the classifier's folder, or name another in [models] hostility")
            took_ms.append((time.perf_counter() - began) * 1000)
        # The first judgement warms up.
        return Check(name, True, f"{statistics.median(took_ms[1:]):.1f} ms a text")

    def speed(self, config: Config) -> Check:
        """The real pipeline over the first half minute of the demo call, one thread, as fast as it goes."""
        name = "speed"
        if self._voice is None or self._recogniser is None or self._words is None:
            return Check(name, False, "not measured, since a model did not load")
        from assistant.engine import LiveEngine, Models
        from assistant.events import StageDegraded, Utterance
        from assistant.live.demo import demo_audio

        try:
            audio = demo_audio()
            models = Models(self._voice, self._recogniser, self._engine, self._words)
            engine = LiveEngine(models, config.call_settings(), "doctor", audio.tracks, audio.rate_hz)
            events = engine.start()
            began, began_cpu = time.perf_counter(), time.process_time()
            heard = 0
            for chunk in audio.chunks(CHUNK_S):
                events += engine.feed(chunk)
                heard += len(chunk)
                if heard >= SPEED_S * audio.rate_hz:
                    break
            events += engine.finish()
            wall_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
        except AssistantError as broken:
            return Check(name, False, f"the demo call cannot be worked on: {broken}", "install Calmline again")
        call_s = heard / audio.rate_hz
        wall, cpu = wall_s / call_s, cpu_s / call_s
        failed = [f"{event.stage}: {event.why}" for event in events if isinstance(event, StageDegraded) and not event.recovered]
        if failed or not any(isinstance(event, Utterance) for event in events):
            what = "; ".join(failed) or "no word of the demo call was heard"
            return Check(name, False, what, "`calmline models verify` checks the models")
        what = f"{cpu:.3f} s of CPU a second of a two-channel call, real-time factor {wall:.3f}: about {1 / cpu:.0f} live calls a core"
        slow = "name a smaller recogniser in [models] recogniser, or close what else runs here"
        return Check(name, wall < 1, what, None if wall < 1 else slow)


def _timed(name: str, load: Callable[[], str]) -> Check:
    began = time.perf_counter()
    try:
        what = load()
    except AssistantError as broken:
        return Check(name, False, f"does not load: {broken}", "see the message; `calmline models list` shows what can be had")
    except (ImportError, OSError) as broken:
        return Check(name, False, f"its package cannot be imported: {broken}", "`pip install --force-reinstall calmline`")
    return Check(name, True, f"{what}, loaded in {time.perf_counter() - began:.2f} s")


def _sound(hear_s: float) -> Iterator[Check]:
    """Sound devices are optional: a server hears calls over the network."""
    try:
        devices = list_devices()
    except ConfigError as missing:
        yield Check("sound devices", None, str(missing), "needed for `calmline listen` only")
        return
    inputs = sum(device.input_channels > 0 for device in devices)
    yield Check("sound devices", True, f"{inputs} inputs, {sum(device.output_channels > 0 for device in devices)} outputs")
    sides: list[tuple[str, Track, Callable[[list[Device]], Device]]] = [
        ("microphone", "agent", default_microphone),
        ("loopback", "caller", default_loopback),
    ]
    for name, track, choose in sides:
        try:
            device = choose(devices)
        except ConfigError as missing:
            yield Check(name, None, str(missing), "needed for `calmline listen` only")
            continue
        yield _hear(name, track, device, hear_s) if hear_s > 0 else Check(name, True, device.label)


def _hear(name: str, track: Track, device: Device, hear_s: float) -> Check:
    from assistant.audio.capture import loudest
    from assistant.live.listen import level_db

    try:
        peak = level_db(loudest(device, track, hear_s))
    except AssistantError as broken:
        return Check(name, False, str(broken), "choose another device, or mend this one")
    what = f"{device.label}: loudest {peak:.0f} dB of full scale in {hear_s:g} s"
    if peak > HEARD_DB:
        return Check(name, True, what)
    if track == "caller":
        return Check(name, True, f"{what}: nothing is played now")
    return Check(name, False, f"{what}: silence", "unmute the microphone, or choose another as the system's input")


def _port(config: Config) -> Check:
    from assistant.live.run import check_port

    host, port = config.server.host, config.server.port
    try:
        check_port(config)
    except ConfigError as taken:
        if _calmline_answers(host, port):
            return Check("port", True, f"{host}:{port}: a Calmline server answers there")
        return Check("port", False, str(taken), "choose another with --port, or in [server] port")
    except OSError as wrong:
        return Check("port", False, f"{host}:{port}: {wrong}", "set [server] host to an address of this machine")
    return Check("port", True, f"{host}:{port} is free")


def _calmline_answers(host: str, port: int) -> bool:
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        # No proxy: the port is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{authority}/healthz", timeout=WEB_WAIT_S) as answer:
            health = msgspec.json.decode(answer.read(1000))
    except (OSError, HTTPException, msgspec.DecodeError):
        return False
    return isinstance(health, dict) and health.get("status") == "ok" and "version" in health


def _memory() -> Check:
    """Linux tells what is free; elsewhere only what this process took is asked."""
    taken = _taken_mb()
    own = "" if taken is None else f"; this program with its models took {taken:.0f} MB"
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        sizes_kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        free, total = sizes_kb["MemAvailable"] / 1024, sizes_kb["MemTotal"] / 1024
    except (OSError, KeyError, ValueError, IndexError):
        return Check("memory", None, f"what is free is not known on {platform.system()}{own}")
    ok = free >= FREE_MB
    what = f"{free:.0f} MB of {total:.0f} MB free{own}"
    return Check("memory", ok, what, None if ok else f"close other programs: the models and a few calls need {FREE_MB:.0f} MB")


def _taken_mb() -> float | None:
    """The most memory that this process held so far."""
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10
