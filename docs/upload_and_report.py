#!/usr/bin/env python3
"""Uploads an inventory to Nameplate, waits until it is judged, and prints what is affected.

    NAMEPLATE_TOKEN=… docs/upload_and_report.py plant.xlsx --server http://127.0.0.1:8080 --site Riverside

Needs Python 3.9 or newer and nothing else. On a server with accounts the environment variable NAMEPLATE_TOKEN holds a
token for the API. Ends with 1 when an asset is affected and --fail-on-affected is given, with 2 when it could not be done.
"""

import argparse
import csv
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class Server:
    """The API of one server."""

    def __init__(self, address):
        self.address = address.rstrip("/")
        self.token = os.environ.get("NAMEPLATE_TOKEN", "")

    def ask(self, method, path, body=None, headers=None):
        """The JSON that the server answers with; a problem ends the program with its message and hint."""
        request = urllib.request.Request(self.address + path, data=body, method=method, headers=dict(headers or {}))
        request.add_header("accept", "application/json")
        if self.token:
            request.add_header("authorization", "Bearer " + self.token)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            try:
                problem = json.load(error)["error"]
                message = problem["message"]
                if problem.get("hint"):
                    message += "\nhint: " + problem["hint"]
            except (ValueError, KeyError, TypeError):
                message = "the server answered %s" % error
            stop(message)
        except (urllib.error.URLError, TimeoutError) as error:
            stop("cannot reach %s: %s" % (self.address, error))

    def each(self, path, **query):
        """All items of a list, page by page."""
        while True:
            page = self.ask("GET", path + "?" + urllib.parse.urlencode(query))
            yield from page["items"]
            if page["next"] is None:
                return
            query["after"] = page["next"]


def stop(message):
    """Ends the program with this message."""
    print("error: " + message, file=sys.stderr)
    sys.exit(2)


def upload(server, path, site):
    """Uploads the file; gives the number of the job that imports it."""
    with open(path, "rb") as file:
        data = file.read()
    query = {"file_name": os.path.basename(path)}
    if site:
        query["site"] = site
    headers = {
        "content-type": "application/octet-stream",
        # Sent twice, as after a broken connection, it is one upload all the same.
        "idempotency-key": hashlib.sha256(data + repr(query).encode() + time.strftime("%Y-%m-%d").encode()).hexdigest(),
    }
    return server.ask("POST", "/api/v1/inventories?" + urllib.parse.urlencode(query), data, headers)["job_id"]


def wait(server, job_id):
    """Waits for the end of the job and gives it back."""
    told = None
    while True:
        job = server.ask("GET", "/api/v1/jobs/%d" % job_id)
        if job["state"] not in ("waiting", "running"):
            return job
        if job["stage"] != told:
            told = job["stage"]
            print(told or "waiting", file=sys.stderr)
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--site", help="site of the devices for which the file states none")
    parser.add_argument("--fail-on-affected", action="store_true")
    arguments = parser.parse_args()
    server = Server(arguments.server)

    job = wait(server, upload(server, arguments.file, arguments.site))
    if job["state"] != "done":
        stop(job["error"] or "the import was " + job["state"])
    print(job["message"], file=sys.stderr)

    affected = list(server.each("/api/v1/exposures", verdict="affected", limit=1000))
    out = csv.writer(sys.stdout)
    out.writerow(["site", "tag", "vendor", "model", "firmware", "advisory", "severity", "exploited", "reason", "fix"])
    for item in affected:
        plate = item["nameplate"]
        row = [item["site"], item["tag"], plate["vendor"], plate["model"], plate["firmware"], item["advisory"]["id"]]
        row += [item["severity"] or "", "yes" if item["is_exploited"] else "no", item["reason"], item["fix"] or ""]
        # A text that begins like a formula stays a text.
        out.writerow(["'" + text if text[:1] in "=+-@\t\r" and text else text for text in row])
    if affected and arguments.fail_on_affected:
        sys.exit(1)


if __name__ == "__main__":
    main()
