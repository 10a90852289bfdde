"""The demo as a Space: the page of the installed package."""

from neuronarrator_hf.app.server import serve

if __name__ == "__main__":
    serve()
