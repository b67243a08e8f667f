"""The protocol: what an editor asks, answered from what the text says. Only this knows pygls."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from shapecalc.language.problem import Mark
from shapecalc.lsp.completion import Suggestion, suggestions
from shapecalc.lsp.context import Context, context
from shapecalc.lsp.hints import hints
from shapecalc.lsp.hover import hover
from shapecalc.lsp.places import Place, Places
from shapecalc.lsp.problems import Finding, findings
from shapecalc.lsp.reading import Reading, of_code, of_spec

PATIENCE = 0.15
"""For how many seconds nothing has to be typed before a text is read."""

_ITEMS = {
    "kind": types.CompletionItemKind.Class,
    "block": types.CompletionItemKind.Module,
    "field": types.CompletionItemKind.Field,
    "key": types.CompletionItemKind.Property,
    "word": types.CompletionItemKind.EnumMember,
    "name": types.CompletionItemKind.Variable,
}


class _Desk:
    """The texts that an editor has open, and what was last read of each.

    A spec is read as it is typed; source in the state it is saved in, which is what is interpreted.
    """

    def __init__(self, server: LanguageServer) -> None:
        self.server = server
        self.readings: dict[str, Reading | None] = {}
        self.last_good: dict[str, Reading] = {}
        self.pending: dict[str, asyncio.Task[None]] = {}

    # -- texts that come and go -------------------------------------------------------------------

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        self.read(params.text_document.uri)

    async def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        self.readings.pop(uri, None)
        if uri in self.pending:
            self.pending[uri].cancel()
        self.pending[uri] = asyncio.create_task(self.read_soon(uri))

    def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        self.read(params.text_document.uri)

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if uri in self.pending:
            self.pending.pop(uri).cancel()
        self.readings.pop(uri, None)
        self.last_good.pop(uri, None)
        self.publish(uri, None, [])

    async def read_soon(self, uri: str) -> None:
        await asyncio.sleep(PATIENCE)
        self.pending.pop(uri, None)
        self.read(uri)
        if self.can_refresh():
            self.server.workspace_inlay_hint_refresh(None)

    def read(self, uri: str) -> None:
        """Read a text and say what is wrong with it."""
        reading = self.reading(uri, anew=True)
        places = self.places(uri)
        told = [self.diagnostic(uri, each, places) for each in findings(reading)] if reading else []
        self.publish(uri, self.document(uri).version, told)

    def reading(self, uri: str, *, anew: bool = False) -> Reading | None:
        """What a text says; None where it is source and does not tell how it is read."""
        if anew or uri not in self.readings:
            document = self.document(uri)
            path = Path(document.path or uri)
            if path.suffix == ".py":
                reading = of_code(document.source, path, self.open_sources())
            else:
                reading = of_spec(document.source, str(path))
            self.readings[uri] = reading
            if reading is not None and reading.network is not None:
                self.last_good[uri] = reading
        return self.readings[uri]

    def open_sources(self) -> dict[Path, str]:
        """The texts of open files of source, by their paths, whether they are saved or not."""
        documents = self.server.workspace.text_documents.values()
        paths = ((Path(each.path), each.source) for each in documents if each.path)
        return {path.resolve(): text for path, text in paths if path.suffix == ".py"}

    # -- what is asked ----------------------------------------------------------------------------

    def hovered(self, params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        reading = self.reading(uri)
        if reading is None:
            return None
        places = self.places(uri)
        place = Place(params.position.line, params.position.character)
        line, column = places.spec_line(place), places.column(place)
        at = None if _is_code(uri) else self.context_of_word(uri, place.line, column)
        told = hover(reading, line, column + 1, at)
        if not told:
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, told))

    def hinted(self, params: types.InlayHintParams) -> list[types.InlayHint]:
        uri = params.text_document.uri
        reading = self.reading(uri)
        if reading is None:
            return []
        places = self.places(uri)
        found = []
        for each in hints(reading):
            place = places.line_end(each.mark)
            if params.range.start.line <= place.line <= params.range.end.line:
                position = types.Position(*place)
                found.append(
                    types.InlayHint(
                        position,
                        each.text,
                        types.InlayHintKind.Type,
                        tooltip=each.all or None,
                        padding_left=True,
                    )
                )
        return found

    def completed(self, params: types.CompletionParams) -> types.CompletionList:
        uri = params.text_document.uri
        if _is_code(uri):
            return types.CompletionList(False, [])
        place = Place(params.position.line, params.position.character)
        column = self.places(uri).column(place)
        text = self.document(uri).source
        at = context(text, place.line, column)
        if at is None:
            return types.CompletionList(False, [])
        before = "\n".join([*text.split("\n")[: place.line], ""])
        good = self.last_good.get(uri)
        spec = good.network.spec if good is not None and good.network is not None else None
        line = self.places(uri).spec_line(place)
        return types.CompletionList(
            False, [self.item(each) for each in suggestions(at, spec, before, line)]
        )

    def item(self, each: Suggestion) -> types.CompletionItem:
        written = each.text or each.label
        doc = types.MarkupContent(types.MarkupKind.Markdown, each.doc) if each.doc else None
        found = types.CompletionItem(
            each.label,
            kind=_ITEMS[each.what],
            detail=each.detail or None,
            documentation=doc,
            insert_text=written,
        )
        if each.blanks and self.takes_blanks():
            found.insert_text = each.blanks
            found.insert_text_format = types.InsertTextFormat.Snippet
        return found

    # -- between the text and the protocol --------------------------------------------------------

    def document(self, uri: str) -> Any:
        return self.server.workspace.get_text_document(uri)

    def places(self, uri: str) -> Places:
        document = self.document(uri)
        return Places(document.source, document.position_codec.client_num_units)

    def context_of_word(self, uri: str, line: int, column: int) -> Context | None:
        """The context at the end of the word that a place is in."""
        text = self.document(uri).source
        lines = text.split("\n")
        now = lines[line] if line < len(lines) else ""
        while column < len(now) and (now[column].isalnum() or now[column] == "_"):
            column += 1
        return context(text, line, column)

    def diagnostic(self, uri: str, each: Finding, places: Places) -> types.Diagnostic:
        severities = types.DiagnosticSeverity
        uses = [
            types.DiagnosticRelatedInformation(types.Location(uri, _range(places, mark)), said)
            for mark, said in each.uses
        ]
        return types.Diagnostic(
            _range(places, each.mark),
            each.message,
            severities.Warning if each.code else severities.Error,
            code=each.code or None,
            source="shapecalc",
            related_information=uses or None,
        )

    def publish(self, uri: str, version: int | None, told: list[types.Diagnostic]) -> None:
        params = types.PublishDiagnosticsParams(uri, told, version)
        self.server.text_document_publish_diagnostics(params)

    def takes_blanks(self) -> bool:
        """Whether the editor goes through blanks of what is completed."""
        own = self.server.client_capabilities.text_document
        item = own.completion.completion_item if own and own.completion else None
        return bool(item and item.snippet_support)

    def can_refresh(self) -> bool:
        """Whether the editor asks for hints again where it is told to."""
        own = self.server.client_capabilities.workspace
        return bool(own and own.inlay_hint and own.inlay_hint.refresh_support)


def _is_code(uri: str) -> bool:
    return uri.endswith(".py")


def _range(places: Places, mark: Mark) -> types.Range:
    start, end = places.span(mark)
    return types.Range(types.Position(*start), types.Position(*end))


def make_server() -> LanguageServer:
    """The server, which answers from then on wherever it is started."""
    import shapecalc

    server = LanguageServer(
        "shapecalc",
        shapecalc.__version__,
        text_document_sync_kind=types.TextDocumentSyncKind.Full,
    )
    desk = _Desk(server)
    completion = types.CompletionOptions(trigger_characters=["{", "[", ",", " ", ":", "-"])
    for name, answer, options in (
        (types.TEXT_DOCUMENT_DID_OPEN, desk.opened, None),
        (types.TEXT_DOCUMENT_DID_CHANGE, desk.changed, None),
        (types.TEXT_DOCUMENT_DID_SAVE, desk.saved, None),
        (types.TEXT_DOCUMENT_DID_CLOSE, desk.closed, None),
        (types.TEXT_DOCUMENT_HOVER, desk.hovered, None),
        (types.TEXT_DOCUMENT_INLAY_HINT, desk.hinted, None),
        (types.TEXT_DOCUMENT_COMPLETION, desk.completed, completion),
    ):
        server.feature(name, options)(partial(answer))  # a method takes no attributes
    return server
