"""The transformers pipelines, one file each; all of them thin over the engine."""
