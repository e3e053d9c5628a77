"""Results -> text: for a terminal, as JSON lines, as JUnit XML."""
