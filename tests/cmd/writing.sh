# docs/writing-scenarios.md: its commands do what it shows.
tests/readme docs/writing-scenarios.md
