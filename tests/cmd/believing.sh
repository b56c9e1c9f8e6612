# docs/believing-results.md: its commands do what it shows.
tests/readme docs/believing-results.md
