"""One frontier for the crawls of several machines: docs/several-machines.md.

A worker leases registered domains of a server (`server.py`, Redis or Valkey). With the lease come the
domain's rows, into the worker's own archive (`rows.py`); there they are worked on as if it was the only
one, and what changes goes back with each transaction (`share.py`).
"""
