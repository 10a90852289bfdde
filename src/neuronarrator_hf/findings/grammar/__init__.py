"""The words of findings: what the parser understands and what the writer says, as tables."""
