#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""page_open.py N PAGE - how long a browser takes from asking for a page to its first answer.

The answer is what the page shows of values under the pointer, drawn.  Time is the browser's own, since
navigation began; the driver's way there and back is in it.  Prints the median and the least of N, in seconds.
"""
import os
import statistics
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "tests", "page"))
from webdriver import Browser  # noqa: E402

ANSWERED = """const done = arguments[0];
    const shown = () => document.getElementById('readout').innerText.includes('high');
    const look = () => shown() ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
    look();"""


def once(b, path):
    b.open("about:blank")
    b.open("file://" + os.path.abspath(path))
    if b.run("return document.documentElement.dataset.ready") != "1":
        raise SystemExit("its program is not done when the page has loaded")
    x, y = b.run("""const s = document.querySelector('#cards svg');
        s.scrollIntoView({block: 'center'});
        const r = s.getBoundingClientRect();
        return [r.left + r.width / 2, r.top + r.height / 2];""")
    b.pointer(("move", x, y))
    return b.do("POST", "/execute/async", {"script": ANSWERED, "args": []}) / 1e3


browser = Browser()
try:
    browser.size(1280, 900)
    once(browser, sys.argv[2])
    seconds = [once(browser, sys.argv[2]) for _ in range(int(sys.argv[1]))]
finally:
    browser.close()
print(f"{statistics.median(seconds):.4f} {min(seconds):.4f}")
