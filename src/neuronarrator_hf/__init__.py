"""NeuroNarrator for the Hugging Face ecosystem: scalp EEG to checked clinical language."""
