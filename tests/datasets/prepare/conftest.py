"""A small HTTP server that misbehaves on demand."""

import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class FileServer:
    """Serves files; the attributes say how."""

    def __init__(self):
        self.content = b''
        self.contents = {}  # by the end of the path, where one content is not enough
        self.etag = '"one"'
        self.modified = None
        self.knows_range = True
        self.obeys_if_range = True
        self.tells_length = True
        self.chunked = False
        self.cuts = []  # bytes of body to send in each request; None or no more entries: all
        self.resets = False  # a cut resets the connection instead of closing it
        self.statuses = []  # answers to give first
        self.pause = 0.0  # seconds after each block, for a slow server
        self.delay = 0.0  # seconds before the first byte
        self.sent = []  # bytes of body in every answer
        self.requests = []  # headers of every request
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def do_GET(self):
                server.requests.append(dict(self.headers))
                server.answer(self)

        self.http = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *args: None  # a client may leave early
        self.url = f'http://127.0.0.1:{self.http.server_address[1]}/file.bin'
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def answer(self, handler):
        handler.close_connection = True
        time.sleep(self.delay)
        if self.statuses:
            handler.send_error(self.statuses.pop(0))
            return
        content = self.contents.get(handler.path.rpartition('/')[2], self.content)
        start, total = 0, len(content)
        asked = re.match(r'bytes=(\d+)-$', handler.headers.get('Range', ''))
        condition = handler.headers.get('If-Range')
        same = condition in (None, self.etag, self.modified) or not self.obeys_if_range
        if condition and condition.startswith('W/'):
            same = False  # RFC 9110: a weak tag never matches here
        if asked and self.knows_range and same:
            start = int(asked[1])
            if start >= total:
                handler.send_response(416)
                handler.send_header('Content-Range', f'bytes */{total}')
                handler.send_header('Content-Length', '0')
                handler.end_headers()
                return
            handler.send_response(206)
            handler.send_header('Content-Range', f'bytes {start}-{total - 1}/{total}')
        else:
            handler.send_response(200)
        body = content[start:]
        for name, value in (('ETag', self.etag), ('Last-Modified', self.modified)):
            if value:
                handler.send_header(name, value)
        if self.chunked:
            handler.send_header('Transfer-Encoding', 'chunked')
        elif self.tells_length:
            handler.send_header('Content-Length', str(len(body)))
        handler.end_headers()
        cut = self.cuts.pop(0) if self.cuts else None
        self.send(handler, body, cut)

    def send(self, handler, body, cut):
        part = body if cut is None else body[:cut]
        self.sent.append(len(part))
        block = 1000 if self.pause else max(len(part), 1)
        for i in range(0, len(part), block):
            piece = part[i : i + block]
            if self.chunked:
                piece = b'%x\r\n%s\r\n' % (len(piece), piece)
            handler.wfile.write(piece)
            time.sleep(self.pause)
        if cut is None and self.chunked:
            handler.wfile.write(b'0\r\n\r\n')
        if cut is not None and self.resets:
            handler.wfile.flush()
            time.sleep(0.01)
            handler.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)
            )
            handler.connection.close()


@pytest.fixture
def server():
    one = FileServer()
    yield one
    one.close()
