"""The command line: parses, calls the library, renders; no rule about memory lives here."""
