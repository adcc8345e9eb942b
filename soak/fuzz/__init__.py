"""Fuzz targets: one entrance to the code each, with inputs to begin from.

A target swallows the project's own errors only. Whatever else escapes is a finding.
"""
