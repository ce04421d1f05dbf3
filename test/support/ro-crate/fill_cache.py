"""Puts the JSON-LD contexts of terms.json into the cache of rocrate-validator, which then needs no network.

Usage: fill_cache.py TERMS CACHE
"""

import io
import json
import sys

import urllib3
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession


class LocalAnswers(HTTPAdapter):
    def __init__(self, documents):
        super().__init__()
        self._documents = documents

    def send(self, request, **_):
        body = json.dumps(self._documents[request.url]).encode()
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(body),
            status=200,
            headers={"Content-Type": "application/ld+json"},
            preload_content=False,
        )
        return self.build_response(request, raw)


with open(sys.argv[1]) as terms:
    documents = json.load(terms)
session = CachedSession(sys.argv[2], backend="sqlite", expire_after=-1)
session.mount("https://", LocalAnswers(documents))
for address in documents:
    session.get(address).raise_for_status()
