#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A forward proxy for tests: CONNECT only, with Basic authentication when a user is given.

proxy.py FILE [USER:PASSWORD [TARGET]]: writes its port to FILE when ready, and a line for each CONNECT
to FILE.log: the target and what it answered. With TARGET (HOST:PORT) it connects to there alone.
"""
import base64
import os
import select
import socket
import socketserver
import sys

wanted = sys.argv[2] if len(sys.argv) > 2 else ""
only = sys.argv[3] if len(sys.argv) > 3 else ""


def pump(a, b):
    ends = [a, b]
    while True:
        readable, _, _ = select.select(ends, [], [], 60)
        if not readable:
            return
        for end in readable:
            data = end.recv(65536)
            if not data:
                return
            (b if end is a else a).sendall(data)


class Handler(socketserver.StreamRequestHandler):
    def answer(self, target, status, more=""):
        with open(sys.argv[1] + ".log", "a", encoding="utf-8") as log:
            log.write(f"{target} {status}\n")
        self.wfile.write(f"HTTP/1.1 {status} .\r\n{more}\r\n".encode())
        return True

    def handle(self):
        while self.one():
            pass

    def one(self):
        line = self.rfile.readline(8192).decode("latin-1").split()
        headers = {}
        while True:
            text = self.rfile.readline(8192).decode("latin-1").strip()
            if not text:
                break
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        if not line:
            return False
        if len(line) != 3 or line[0] != "CONNECT":
            return self.answer(" ".join(line), 405, "Content-Length: 0\r\n")
        if "authorization" in headers:
            return self.answer(line[1] + " WITH-A-TOKEN", 400, "Content-Length: 0\r\n")
        mine = "Basic " + base64.b64encode(wanted.encode()).decode()
        if wanted and headers.get("proxy-authorization") != mine:
            return self.answer(line[1], 407, 'Proxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\n')
        if only and line[1] != only:
            return self.answer(line[1], 403, "Content-Length: 0\r\n")
        host, _, port = line[1].rpartition(":")
        try:
            there = socket.create_connection((host, int(port)), 10)
        except OSError:
            return self.answer(line[1], 502, "Content-Length: 0\r\n")
        self.answer(line[1], 200)
        with there:
            try:
                pump(self.connection, there)
            except OSError:
                pass  # whoever is in a hurry
        return False


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", 0), Handler) as server:
    with open(sys.argv[1] + ".new", "w", encoding="utf-8") as ready:
        ready.write(f"{server.server_address[1]}\n")
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()
