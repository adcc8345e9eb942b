"""billing-sdk: sign people up for the right plan, gate views by what they pay for, and test it all offline."""

from __future__ import annotations

from billing_sdk._version import __version__ as __version__
