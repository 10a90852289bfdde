"""The NeuroNarrator model, shaped like a model of transformers."""
