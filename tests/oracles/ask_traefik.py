"""Asks Traefik how it routes by Ingresses.

    ask_traefik.py TRAEFIK < cases.jsonl

A case is `{"objects": [...], "requests": [...]}`. The objects of all cases are in one cluster, so each case has namespaces and hosts
of its own. A request is `{"host": ..., "path": ..., "headers": [[NAME, VALUE], ...], "times": N}`. The answer to a case is a list
with an object for each request: the number of responses by backend, `NAMESPACE/SERVICE`, or by status if it is not 200.

Traefik reads the cluster from a stand-in for an API server: it lists objects, and its watches have no events. All endpoints are
addresses of the loopback network, one for each Service, so that one server answers for all of them.
"""

import collections
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

KINDS = {
    "configmaps": ("v1", "ConfigMap"),
    "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice"),
    "ingressclasses": ("networking.k8s.io/v1", "IngressClass"),
    "ingresses": ("networking.k8s.io/v1", "Ingress"),
    "secrets": ("v1", "Secret"),
    "services": ("v1", "Service"),
}
CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "nginx"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one packet; otherwise each response takes 40 ms.
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def answer(self, body, content_type):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1000


def serve(address, handler):
    server = Server((address, 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def api(objects, done):
    """A handler that lists the objects."""

    class Api(Handler):
        def do_GET(self):
            url = urlsplit(self.path)
            plural = url.path.rsplit("/", 1)[-1]
            version, kind = KINDS.get(plural, ("v1", "Thing"))
            items = [one for one in objects if one["kind"] == kind]
            if "watch=" not in url.query:
                whole = {"apiVersion": version, "kind": kind + "List", "metadata": {"resourceVersion": "1"}, "items": items}
                return self.answer(json.dumps(whole).encode(), "application/json")
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if "sendInitialEvents=true" in url.query:
                for item in items:
                    self.event("ADDED", item)
                end = {"resourceVersion": "1", "annotations": {"k8s.io/initial-events-end": "true"}}
                self.event("BOOKMARK", {"apiVersion": version, "kind": kind, "metadata": end})
            self.wfile.flush()
            done.wait()

        def event(self, kind, item):
            line = json.dumps({"type": kind, "object": item}).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

        def do_PUT(self):
            self.answer(self.rfile.read(int(self.headers["Content-Length"])), "application/json")

    return Api


def backends(names):
    """A handler that answers with the name of the Service whose address was asked."""

    class Backend(Handler):
        def do_GET(self):
            self.answer(names[self.connection.getsockname()[0]].encode(), "text/plain")

    return Backend


def cluster(cases, names, port):
    """The objects of all cases, with an EndpointSlice for each Service; `ready` of a Service says whether it has endpoints."""
    objects = [CLASS]
    for one in (one for case in cases for one in case["objects"]):
        metadata = one["metadata"]
        metadata.update({"uid": str(len(objects)), "resourceVersion": "1", "generation": 1})
        objects.append(one)
        if one["kind"] != "Service":
            continue
        number = len(names) + 1
        address = f"127.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        names[address] = f"{metadata['namespace']}/{metadata['name']}"
        objects.append(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": metadata["name"] + "-1",
                    "namespace": metadata["namespace"],
                    "labels": {"kubernetes.io/service-name": metadata["name"]},
                },
                "addressType": "IPv4",
                "endpoints": [{"addresses": [address], "conditions": {"ready": True, "serving": True}}] if one.pop("ready") else [],
                "ports": [{"name": of["name"], "port": port, "protocol": "TCP"} for of in one["spec"]["ports"]],
            }
        )
    return objects


def two_free_ports():
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def routers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/api/overview")
    response = connection.getresponse()
    return json.loads(response.read())["http"]["routers"]["total"] if response.status == 200 else 0


def wait(port, traefik):
    """Waits until the number of routers has not changed for five seconds. Traefik has two of its own."""
    known, since = 0, 0
    for _ in range(480):
        time.sleep(0.25)
        if traefik.poll() is not None:
            sys.exit(f"Traefik has ended with {traefik.returncode}")
        try:
            now = routers(port)
        except OSError:
            continue
        known, since = now, since + 1 if now == known and now > 2 else 0
        if since == 20:
            return
    sys.exit("Traefik has read no Ingress for two minutes")


def ask(connection, request):
    connection.putrequest("GET", request["path"], skip_host=True, skip_accept_encoding=True)
    for name, value in [("Host", request["host"]), *request["headers"]]:
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read().decode()
    return body if response.status == 200 else str(response.status)


def main():
    # Traefik ends with this script, also if a test runner ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cases = [json.loads(line) for line in sys.stdin]
    names, done = {}, threading.Event()
    objects = cluster(cases, names, serve("0.0.0.0", backends(names)))
    server = serve("127.0.0.1", api(objects, done))
    entry, dashboard = two_free_ports()
    flags = {
        "entrypoints.web.address": f"127.0.0.1:{entry}",
        "entrypoints.traefik.address": f"127.0.0.1:{dashboard}",
        "api.insecure": "true",
        "global.checknewversion": "false",
        "log.level": "FATAL",
        "providers.kubernetesingressnginx": "true",
        "providers.kubernetesingressnginx.endpoint": f"http://127.0.0.1:{server}",
        "providers.kubernetesingressnginx.token": "none",
    }
    traefik = subprocess.Popen([sys.argv[1], *(f"--{flag}={value}" for flag, value in flags.items())], stdout=sys.stderr)
    try:
        wait(dashboard, traefik)
        connection = http.client.HTTPConnection("127.0.0.1", entry, timeout=30)
        for case in cases:
            times = [(request, request["times"]) for request in case["requests"]]
            answers = [collections.Counter(ask(connection, request) for _ in range(count)) for request, count in times]
            print(json.dumps(answers))
    finally:
        done.set()
        traefik.kill()
        traefik.wait()


main()
