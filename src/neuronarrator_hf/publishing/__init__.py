"""Publishing on the Hub: the repositories are built in a folder, checked there, and pushed."""
