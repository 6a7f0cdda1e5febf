"""The parts of the judge of tests/corpus/lineage."""
