"""Measurers: one module per family of findings, signal in, claims out."""
