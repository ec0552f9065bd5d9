"""Fakes and contract suites, shipped so that backends outside this package can prove themselves."""
