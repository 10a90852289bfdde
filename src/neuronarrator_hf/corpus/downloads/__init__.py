"""Downloads of sources that are openly published: what there is, and files that resume and are verified."""
