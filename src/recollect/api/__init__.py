"""The HTTP edge: parses requests, calls the library, renders answers. No rule about memory lives here."""
