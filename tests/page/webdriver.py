# SPDX-License-Identifier: GPL-2.0-or-later
"""A browser to test pages in: headless Chromium, driven by its own ChromeDriver over W3C WebDriver.

Nothing but the standard library; what is here is what the tests of the page need.
"""
import base64
import json
import re
import subprocess
import tempfile
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-device-scale-factor=1", "--hide-scrollbars", "--force-color-profile=srgb",
]


class Browser:
    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.session = None
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                break
        else:
            raise RuntimeError("chromedriver did not start")
        self.base = f"http://127.0.0.1:{found.group(1)}"
        options = {"args": ARGUMENTS + [f"--user-data-dir={self.profile.name}"]}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = answer["sessionId"]

    def close(self):
        try:
            if self.session:
                self.call("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            self.driver.stdout.close()
            self.profile.cleanup()

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"},
                                         method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=90) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(json.load(e)["value"]["message"]) from None

    def do(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    def run(self, script, *args):
        return self.do("POST", "/execute/sync", {"script": script, "args": list(args)})

    def size(self, width, height):
        self.do("POST", "/chromium/send_command", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}})

    def media(self, **features):
        self.do("POST", "/chromium/send_command", {"cmd": "Emulation.setEmulatedMedia", "params": {
            "features": [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]}})

    def pointer(self, *actions):
        """Each action: ("move", x, y), ("down",), ("up",)."""
        kinds = {"move": "pointerMove", "down": "pointerDown", "up": "pointerUp"}
        steps = []
        for name, *at in actions:
            step = {"type": kinds[name]}
            if at:
                step.update(x=int(at[0]), y=int(at[1]), duration=0, origin="viewport")
            else:
                step["button"] = 0
            steps.append(step)
        self.do("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse",
                                                  "parameters": {"pointerType": "mouse"}, "actions": steps}]})

    def keys(self, *keys):
        steps = [{"type": t, "value": k} for k in keys for t in ("keyDown", "keyUp")]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": steps}]})

    def screenshot(self):
        return base64.b64decode(self.do("GET", "/screenshot"))

    def pdf(self):
        return base64.b64decode(self.do("POST", "/print", {"background": True}))

    def log(self):
        return self.do("POST", "/se/log", {"type": "browser"})
