"""Tests of the Konnect door: every operation against the published document, and what no schema says."""
