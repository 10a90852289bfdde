"""NeuroCorpus: public recordings with their labels, harmonised to segments with grounded text."""
