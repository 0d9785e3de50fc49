#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TLS server for tests that takes whole requests and answers what is no HTTP, or nothing.

odd.py FILE KEY CERTIFICATE: writes its port to FILE when ready, and a line for each request to
FILE.log: its method and path. The path chooses the answer.
"""
import os
import socketserver
import ssl
import sys

ANSWERS = {
    "/words": b"oops\r\n",
    "/version": b"HTTP/1.9 202 x\r\nContent-Length: 0\r\n\r\n",
    "/status": b"HTTP/1.1 000 x\r\nContent-Length: 0\r\n\r\n",
    "/nothing": b"",
}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline().decode().split()
        length = 0
        while (line := self.rfile.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
        self.rfile.read(length)
        with open(sys.argv[1] + ".log", "a", encoding="utf-8") as log:
            log.write(f"{words[0]} {words[1]}\n")
        self.wfile.write(ANSWERS[words[1]])
        self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        return context.wrap_socket(connection, server_side=True), address

    def handle_error(self, request, client_address):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3], sys.argv[2])
context.set_alpn_protocols(["http/1.1"])
with Server(("127.0.0.1", 0), Handler) as server:
    with open(sys.argv[1] + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()
