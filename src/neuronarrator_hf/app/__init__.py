"""The demo: a page to narrate a recording in a browser, with every claim beside the signal."""
