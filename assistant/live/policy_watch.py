"""Takes edits of the policy file while the server runs: a good one advises from then on, a bad one is told of and changes nothing.

The policy is read anew once a `POLICY_EVERY_S` and compared, rather than its file watched by the operating system: that sees a file that
an editor replaced by renaming, a link that was pointed elsewhere, a file on a network drive and the files that a policy extends all
alike, and costs less than a millisecond. What is read counts once two readings agree, so that a file half written is never
taken: an edit advises at most two periods after it. `reread` takes what it reads at once.
"""

import asyncio
from collections.abc import Callable

import structlog

from assistant.errors import ConfigError
from assistant.guidance.policy import Policy

POLICY_EVERY_S = 1.0

Found = Policy | str
"""A policy, or what is wrong with its file."""

log = structlog.get_logger("calmline.policy")


class PolicyWatch:
    """The policy of a server, as its file has it. Used from one event loop; the file is read on other threads."""

    def __init__(self, read: Callable[[], Policy], policy: Policy, apply: Callable[[Policy], None]) -> None:
        """`policy` advises now; `read` gives what the file says or raises `ConfigError`; `apply` is given what takes its place."""
        self.policy = policy
        self.warning: str | None = None
        """What is wrong with the file, for whoever runs the server; None while all is well."""
        self._read = read
        self._apply = apply
        self._taken: Found = policy

    async def run(self) -> None:
        """Follows the file until cancelled."""
        before = self._taken
        while True:
            await asyncio.sleep(POLICY_EVERY_S)
            found = await asyncio.to_thread(self._look)
            if found == before != self._taken:
                self._take(found)
            before = found

    async def reread(self) -> None:
        """Takes what the file says now."""
        self._take(await asyncio.to_thread(self._look))

    def _look(self) -> Found:
        try:
            return self._read()
        except ConfigError as broken:
            return str(broken)
        except Exception:
            # The edge of one reading: a fault of ours must not end the watch.
            log.exception("policy not read")
            return "The policy file could not be read; the log says why."

    def _take(self, found: Found) -> None:
        self._taken = found
        if isinstance(found, str):
            self._warn(f"{found}\nUntil this is mended, the policy {self.policy.version} goes on advising.")
            return
        self.warning = None
        if found == self.policy:
            log.info("policy read", version=found.version)
            return
        before, self.policy = self.policy.version, found
        self._apply(found)
        log.info("policy changed", version=found.version, before=before)
        if found.version == before:
            self._warn(f"version: the policy has changed and still calls itself {before}; give it a new version, as records name it.")

    def _warn(self, words: str) -> None:
        self.warning = words
        log.warning("policy", why=words)
