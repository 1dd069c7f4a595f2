"""Takes the README's picture: the overlay in the demo, in headless Chromium.

    python scripts/make_screenshot.py [--at SECONDS] [--out docs/overlay.png]

It runs the demo's server and call, opens the overlay as a person would, and saves what it shows at that second of the call.
"""

import argparse
import asyncio
import shutil
from pathlib import Path

import msgspec
from playwright.async_api import async_playwright

from assistant.config import Config
from assistant.live.client import stream_call
from assistant.live.demo import AGENT, demo_audio
from assistant.live.run import running

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


async def take(at_s: float, out: Path, port: int) -> None:
    config = msgspec.structs.replace(Config(), server=msgspec.structs.replace(Config().server, port=port))
    async with running(config), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = await browser.new_page(viewport={"width": 400, "height": 960}, device_scale_factor=1.5)
        await page.goto(f"http://127.0.0.1:{port}/overlay?agent={AGENT}")
        playing = asyncio.create_task(stream_call(f"ws://127.0.0.1:{port}/v1/ingest", demo_audio(), agent=AGENT))
        await asyncio.sleep(at_s)
        await page.screenshot(path=out)
        playing.cancel()
        await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at", type=float, default=72.0, help="second of the call")
    parser.add_argument("--out", type=Path, default=Path("docs/overlay.png"))
    parser.add_argument("--port", type=int, default=8731)
    given = parser.parse_args()
    asyncio.run(take(given.at, given.out, given.port))


if __name__ == "__main__":
    main()
