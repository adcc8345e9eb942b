"""The schema's history, as an Alembic environment that comes with the package.

It owns the steps from one released schema to the next. Steps only lead forward: a backup is the way back. A step
names tables and types itself, so that it stays what it was when the tables of today change.
"""
