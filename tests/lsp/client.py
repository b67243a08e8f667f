"""A language client over standard input and output, as small as it can be."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CAPABILITIES = {
    "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
    "workspace": {"inlayHint": {"refreshSupport": True}},
}


class Client:
    """Starts the server, and asks it."""

    def __init__(self, folder: Path, **capabilities: Any) -> None:
        command = [sys.executable, "-m", "shapecalc", "lsp"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
        )
        self.count = 0
        self.folder = folder
        self.told: list[dict[str, Any]] = []
        asked = {"processId": None, "rootUri": folder.as_uri()}
        self.server = self.ask("initialize", **asked, capabilities=CAPABILITIES | capabilities)
        self.tell("initialized")

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server ended"
        message: dict[str, Any] = json.loads(stream.read(length))
        if "method" in message and "id" in message:  # the server asks, as to refresh hints
            self.send({"id": message["id"], "result": None})
        return message

    def tell(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self.count += 1
        self.send({"id": self.count, "method": method, "params": params})
        while (message := self.receive()).get("id") != self.count or "method" in message:
            self.told.append(message)
        assert "error" not in message, message
        return message["result"]

    def wait(self, method: str, is_it: Callable[[Any], bool] = lambda params: True) -> Any:
        """What the server tells of itself next."""
        while True:
            message = self.told.pop(0) if self.told else self.receive()
            if message.get("method") == method and is_it(message.get("params")):
                return message.get("params")

    # -- documents --------------------------------------------------------------------------------

    def open(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_bytes(text.encode())
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return path.as_uri()

    def change(self, uri: str, version: int, text: str) -> None:
        document = {"uri": uri, "version": version}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def problems(self, uri: str, version: int = 1) -> list[dict[str, Any]]:
        def is_it(params: Any) -> bool:
            return bool(params["uri"] == uri and params.get("version") == version)

        found: list[dict[str, Any]] = self.wait("textDocument/publishDiagnostics", is_it)[
            "diagnostics"
        ]
        return found

    def at(self, method: str, uri: str, line: int, character: int) -> Any:
        place = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", textDocument={"uri": uri}, position=place)

    def hints(self, uri: str, first: int = 0, last: int = 10_000) -> dict[int, str]:
        span = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
        found = self.ask("textDocument/inlayHint", textDocument={"uri": uri}, range=span)
        return {hint["position"]["line"]: hint["label"] for hint in found}

    def close(self) -> int:
        self.ask("shutdown")
        self.tell("exit")
        return self.process.wait(20)
