"""Findings: the vocabulary, their measurement on the signal, their words, and their verification."""
