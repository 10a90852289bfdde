"""The one engine that narrates: recording to segments to text to verified claims."""
