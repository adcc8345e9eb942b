"""The door of published OpenMeter clients: events, meters, customers, features, subjects and what may be used.

It is a way to write the same things as the Konnect door, in the older wire form: camelCase, numbers as doubles. At the
root it has the paths that the Kinde door does not have, and below `/openmeter` all of them.
Source: the published `openmeter` client for Python.
"""

from billing_sdk.server.api.openmeter.application import routes as routes
