"""Billing runs whose processes are killed at any statement: what they leave, and what another one makes of it."""
