"""The KolayLogin door."""
