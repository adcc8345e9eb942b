"""Connections: HTTP/1.1 with an end to patience.

It owns how octets become requests, how answers become octets, and how long each may take; it does not own what is
answered, which is an ASGI application's matter. Its times are those of the event loop. `reader` takes requests out of
octets with llhttp, and refuses what two readers could read differently; `heads` knows a head again that a connection
has sent before; `exchange` is one request with its answer; `patient` is the protocol that uvicorn is given, with its
deadlines.
"""

from billing_sdk.server.connections.patient import (
    ConnectionLimits as ConnectionLimits,
    PatientProtocol as PatientProtocol,
)
from billing_sdk.server.connections.reader import LONGEST_HEAD_BYTES as LONGEST_HEAD_BYTES
